import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { policyRef } from '../../src/model/policy-ref.js';
import { POLICY_BODY_LIMIT } from '../body.js';
import type { ProviderContext } from '../context.js';
import { streamRoutingDomain } from '../policy-stream.js';
import { RoutingDomainSchema } from '../schemas.js';
import { formatRoutingDomainHead, readRoutingDomainIdentity } from '../translate/routing-domain.js';
import { registerNoun } from './collection.js';
import { GATEWAY_SCOPE } from './noun.js';

/**
 * /v1/routing-domains. The list says what each domain says of itself; the read of one domain also
 * gives all that it holds.
 */
export function routingDomains(app: FastifyInstance, context: ProviderContext): void {
  registerNoun(app, context, GATEWAY_SCOPE, {
    kind: 'routingDomain',
    title: 'routing domain',
    path: 'routing-domains',
    schema: RoutingDomainSchema,
    params: { rdid: Type.String({ description: 'RDID of the routing domain' }) },
    keyFields: ({ rdid }) => ({ id: rdid }),
    readIdentity: readRoutingDomainIdentity,
    compare: (a, b) => (a.head.id < b.head.id ? -1 : a.head.id > b.head.id ? 1 : 0),
    objects: (policy) => policy.routingDomains.values(),
    find: (policy, { head }) => policy.routingDomains.get(head.id),
    ref: ({ head }) => policyRef.routingDomain(head.id),
    format: ({ head }) => formatRoutingDomainHead(head),
    send: (context, domain, reply) =>
      reply.type('application/json; charset=utf-8').send(streamRoutingDomain(domain, context)),
    bodyLimit: POLICY_BODY_LIMIT,
  });
}

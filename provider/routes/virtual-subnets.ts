import type { FastifyInstance } from 'fastify';
import { policyRef } from '../../src/model/policy-ref.js';
import type { ProviderContext } from '../context.js';
import { VirtualSubnetSchema } from '../schemas.js';
import { formatVirtualSubnet, readVirtualSubnetIdentity } from '../translate/virtual-subnet.js';
import { registerNoun } from './collection.js';
import { DOMAIN_SCOPE } from './noun.js';
import { vsidParam, vsidParams } from './vsid-params.js';

/** /v1/routing-domains/{rdid}/virtual-subnets */
export function virtualSubnets(app: FastifyInstance, context: ProviderContext): void {
  registerNoun(app, context, DOMAIN_SCOPE, {
    kind: 'virtualSubnet',
    title: 'virtual subnet',
    path: 'virtual-subnets',
    schema: VirtualSubnetSchema,
    params: vsidParams,
    keyFields: (params) => ({ vsid: vsidParam(params) }),
    readIdentity: readVirtualSubnetIdentity,
    compare: (a, b) => a.vsid - b.vsid,
    objects: (domain) => domain.virtualSubnets.values(),
    find: (domain, { vsid }) => domain.virtualSubnets.get(vsid),
    ref: ({ vsid }, domain) => policyRef.virtualSubnet(domain, vsid),
    format: formatVirtualSubnet,
  });
}

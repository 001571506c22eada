import type { FastifyInstance } from 'fastify';
import { policyRef } from '../../src/model/policy-ref.js';
import { providerRouteKey } from '../../src/model/provider-route.js';
import { compareIp } from '../../src/net/ip.js';
import { comparePrefix } from '../../src/net/prefix.js';
import type { ProviderContext } from '../context.js';
import { ProviderRouteSchema } from '../schemas.js';
import { formatProviderRoute, readProviderRouteIdentity } from '../translate/provider-route.js';
import { registerNoun } from './collection.js';
import { GATEWAY_SCOPE } from './noun.js';
import { nextHopParam, prefixParam, prefixParams } from './prefix-params.js';

/** /v1/provider-routes */
export function providerRoutes(app: FastifyInstance, context: ProviderContext): void {
  registerNoun(app, context, GATEWAY_SCOPE, {
    kind: 'providerRoute',
    title: 'provider route',
    path: 'provider-routes',
    schema: ProviderRouteSchema,
    params: { ...prefixParams, ...nextHopParam },
    otherParams: ['prefix', 'nextHop'],
    keyFields: (params) => ({
      destinationPrefix: prefixParam(params),
      nextHop: params['nextHop'],
    }),
    readIdentity: readProviderRouteIdentity,
    compare: (a, b) =>
      comparePrefix(a.destinationPrefix, b.destinationPrefix) || compareIp(a.nextHop, b.nextHop),
    objects: (policy) => policy.providerRoutes.values(),
    find: (policy, identity) => policy.providerRoutes.get(providerRouteKey(identity)),
    ref: policyRef.providerRoute,
    format: formatProviderRoute,
  });
}

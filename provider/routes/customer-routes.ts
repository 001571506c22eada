import type { FastifyInstance } from 'fastify';
import { customerRouteKey } from '../../src/model/customer-route.js';
import { policyRef } from '../../src/model/policy-ref.js';
import { compareIp } from '../../src/net/ip.js';
import { comparePrefix } from '../../src/net/prefix.js';
import type { ProviderContext } from '../context.js';
import { CustomerRouteSchema } from '../schemas.js';
import { formatCustomerRoute, readCustomerRouteIdentity } from '../translate/customer-route.js';
import { registerNoun } from './collection.js';
import { DOMAIN_SCOPE } from './noun.js';
import { nextHopParam, prefixParam, prefixParams } from './prefix-params.js';
import { vsidParam, vsidParams } from './vsid-params.js';

/** /v1/routing-domains/{rdid}/customer-routes */
export function customerRoutes(app: FastifyInstance, context: ProviderContext): void {
  registerNoun(app, context, DOMAIN_SCOPE, {
    kind: 'customerRoute',
    title: 'customer route',
    path: 'customer-routes',
    schema: CustomerRouteSchema,
    params: { ...vsidParams, ...prefixParams, ...nextHopParam },
    otherParams: ['vsid', 'prefix', 'nextHop'],
    keyFields: (params) => ({
      vsid: vsidParam(params),
      destinationPrefix: prefixParam(params),
      nextHop: params['nextHop'],
    }),
    readIdentity: readCustomerRouteIdentity,
    compare: (a, b) =>
      a.vsid - b.vsid ||
      comparePrefix(a.destinationPrefix, b.destinationPrefix) ||
      compareIp(a.nextHop, b.nextHop),
    objects: (domain) => domain.customerRoutes.values(),
    find: (domain, identity) => domain.customerRoutes.get(customerRouteKey(identity)),
    ref: (route, domain) => policyRef.customerRoute(domain, route),
    format: formatCustomerRoute,
  });
}

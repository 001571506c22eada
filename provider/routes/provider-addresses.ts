import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { policyRef } from '../../src/model/policy-ref.js';
import { compareIp } from '../../src/net/ip.js';
import type { ProviderContext } from '../context.js';
import { ProviderAddressSchema } from '../schemas.js';
import {
  formatProviderAddress,
  readProviderAddressIdentity,
} from '../translate/provider-address.js';
import { registerNoun } from './collection.js';
import { GATEWAY_SCOPE } from './noun.js';

/** /v1/provider-addresses */
export function providerAddresses(app: FastifyInstance, context: ProviderContext): void {
  registerNoun(app, context, GATEWAY_SCOPE, {
    kind: 'providerAddress',
    title: 'provider address',
    path: 'provider-addresses',
    schema: ProviderAddressSchema,
    params: { address: Type.String({ description: 'The provider address' }) },
    keyFields: ({ address }) => ({ address }),
    readIdentity: readProviderAddressIdentity,
    compare: (a, b) => compareIp(a.address, b.address),
    objects: (policy) => policy.providerAddresses.values(),
    find: (policy, { address }) => policy.providerAddresses.get(address),
    ref: policyRef.providerAddress,
    format: formatProviderAddress,
  });
}

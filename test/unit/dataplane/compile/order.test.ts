import { expect, it } from 'vitest';
import { compile } from '../../../../src/dataplane/compile/compile.js';
import type { Policy } from '../../../../src/model/policy.js';
import { CONTRACT_POLICIES } from '../../../contract/dataplane.js';
import { kernelState } from '../../../support/kernel-state.js';
import { ENVIRONMENT } from '../../../support/policy-of.js';

it.each(['full', 'changed'] as const)(
  'gives the same objects whatever order the policy’s lists are in: %s',
  (name) => {
    const policy = CONTRACT_POLICIES[name];
    const state = (of: Policy) => kernelState(compile(of, ENVIRONMENT, 'all'));
    expect(state(backwards(policy))).toEqual(state(policy));
  },
);

/** But for the provider addresses, the first of which is the default. */
function backwards(policy: Policy): Policy {
  const reversed = <Key, Value>(map: ReadonlyMap<Key, Value>) => new Map([...map].reverse());
  return {
    providerAddresses: policy.providerAddresses,
    providerRoutes: reversed(policy.providerRoutes),
    routingDomains: new Map(
      [...reversed(policy.routingDomains)].map(([id, domain]) => [
        id,
        {
          head: domain.head,
          virtualSubnets: reversed(domain.virtualSubnets),
          lookupRecords: reversed(domain.lookupRecords),
          customerRoutes: reversed(domain.customerRoutes),
          connections: reversed(domain.connections),
        },
      ]),
    ),
  };
}

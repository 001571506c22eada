import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffPolicies } from '../../../src/policy/diff.js';
import { createPolicyState } from '../../../src/policy/state.js';
import { policies } from '../../support/policy-arbitraries.js';
import {
  addProviderAddress,
  addRecord,
  BLUE,
  blueAndRed,
  providerAddress,
  record,
  RED,
} from '../../support/policy-builder.js';
import { revealed } from '../../support/revealed.js';

describe('diffPolicies', () => {
  it('leads from one policy to the other', () => {
    fc.assert(
      fc.property(policies, policies, (before, after) => {
        const state = createPolicyState(before);
        const changes = diffPolicies(before, after);
        const applied = state.apply(changes);
        expect(applied.missing).toEqual([]);
        expect(applied.changes).toEqual(changes);
        expect(revealed(state.policy)).toEqual(revealed(after));
        expect([...state.policy.providerAddresses.keys()]).toEqual([
          ...after.providerAddresses.keys(),
        ]);
      }),
    );
  });

  it('is empty between policies that say the same', () => {
    expect(diffPolicies(blueAndRed().policy, blueAndRed().policy)).toEqual([]);
    fc.assert(
      fc.property(policies, (policy) => {
        expect(diffPolicies(policy, createPolicyState(policy).policy)).toEqual([]);
      }),
    );
  });

  it('names just what differs', () => {
    const { policy: before } = blueAndRed();
    const { policy: after, blue } = blueAndRed();
    after.routingDomains.delete(RED);
    const moved = addRecord(
      blue,
      record(5001, '192.168.1.101', { pa: '10.1.1.30', vmName: 'blue01' }),
    );
    expect(diffPolicies(before, after)).toEqual([
      { op: 'delete', kind: 'routingDomain', key: RED },
      { op: 'upsert', kind: 'lookupRecord', routingDomain: BLUE, value: moved },
    ]);
  });

  it('puts provider addresses in their order', () => {
    const { policy: before } = blueAndRed();
    const { policy: after } = blueAndRed();
    addProviderAddress(before, providerAddress('10.1.1.41'));
    after.providerAddresses = new Map([...before.providerAddresses].toReversed());
    const state = createPolicyState(before);
    state.apply(diffPolicies(before, after));
    expect([...state.policy.providerAddresses]).toEqual([...after.providerAddresses]);
  });
});

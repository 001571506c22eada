import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lookupRecordKey } from '../../../src/model/lookup-record.js';
import type { Policy } from '../../../src/model/policy.js';
import type { Change } from '../../../src/policy/change.js';
import { indexPolicy, type PolicyIndex } from '../../../src/policy/policy-index.js';
import { createPolicyState } from '../../../src/policy/state.js';
import { atOnce } from '../../../src/policy/steps.js';
import { pushScope } from '../../../src/policy/touched.js';
import { validatePolicy, validateTouched } from '../../../src/policy/validate/index.js';
import { change, changes, policies } from '../../support/policy-arbitraries.js';
import {
  BLUE,
  blueAndRed,
  ca,
  ENVIRONMENT,
  pa,
  providerAddress,
  record,
  RED,
  route,
  subnet,
} from '../../support/policy-builder.js';
import { revealed } from '../../support/revealed.js';
import { Vsid } from '../../../src/model/vsid.js';

/** A policy as plain values, with the order that counts. */
function picture(policy: Policy): unknown {
  return revealed({
    providerAddresses: [...policy.providerAddresses],
    providerRoutes: policy.providerRoutes,
    routingDomains: policy.routingDomains,
  });
}

/** What an index says, without the entries that hold nothing any more. */
function sayings(index: PolicyIndex): unknown {
  const domains = [...index.domains]
    .filter(([, { peers, distributedGateways }]) => peers.size + distributedGateways.size > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return revealed({ ...index, domains });
}

/** The same, with the order in which everything is listed. */
function listing(policy: Policy): unknown {
  const inside = [...policy.routingDomains].map(([id, domain]) => [
    id,
    ...[domain.virtualSubnets, domain.lookupRecords, domain.customerRoutes, domain.connections].map(
      (map) => [...map.keys()],
    ),
  ]);
  return [[...policy.providerAddresses.keys()], [...policy.providerRoutes.keys()], inside];
}

describe('any changes', () => {
  it('leave no other order behind where they are taken back', () => {
    fc.assert(
      fc.property(policies, changes, (policy, list) => {
        const state = createPolicyState(policy);
        const { touched, undo } = state.apply(list);
        undo();
        atOnce(state.takeOrder(policy, touched.domains.keys()));
        expect(listing(state.policy)).toEqual(listing(policy));
        expect(picture(state.policy)).toEqual(picture(policy));
      }),
    );
  });

  it('are taken back completely by undo, and repeated by another state of the same policy', () => {
    fc.assert(
      fc.property(policies, changes, (policy, list) => {
        const state = createPolicyState(policy);
        const before = picture(state.policy);
        const applied = state.apply(list);
        const after = picture(state.policy);
        expect(sayings(state.index)).toEqual(sayings(indexPolicy(state.policy)));
        applied.undo();
        expect(picture(state.policy)).toEqual(before);
        expect(sayings(state.index)).toEqual(sayings(indexPolicy(state.policy)));

        const other = createPolicyState(policy);
        atOnce(other.repeat(applied.made));
        expect(picture(other.policy)).toEqual(after);
        expect(sayings(other.index)).toEqual(sayings(indexPolicy(other.policy)));
      }),
    );
  });

  it('touch every routing domain that differs afterwards, and report what makes the difference', () => {
    fc.assert(
      fc.property(policies, changes, (policy, list) => {
        const state = createPolicyState(policy);
        const { touched, changes: made } = state.apply(list);
        for (const id of new Set([
          ...policy.routingDomains.keys(),
          ...state.policy.routingDomains.keys(),
        ]))
          if (!touched.domains.has(id))
            expect(revealed(state.policy.routingDomains.get(id))).toEqual(
              revealed(policy.routingDomains.get(id)),
            );

        const again = createPolicyState(policy);
        again.apply(made);
        expect(picture(again.policy)).toEqual(picture(state.policy));
      }),
    );
  });

  it('are judged alike by what they touch and by the whole policy', () => {
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 20 }), (pushes) => {
        const state = createPolicyState(blueAndRed().policy);
        for (const push of pushes) {
          const { touched, undo } = state.apply(push);
          const view = { policy: state.policy, index: state.index, environment: ENVIRONMENT };
          const partly = validateTouched(view, touched).errors;
          const wholly = validatePolicy(state.policy, ENVIRONMENT).errors;
          expect(partly.length > 0).toBe(wholly.length > 0);
          if (wholly.length > 0) undo();
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('one change', () => {
  it('of what is not there is reported with itself as the subject', () => {
    const { policy, blue } = blueAndRed();
    blue.connections.clear();
    const missing: Change[] = [
      { op: 'delete', kind: 'routingDomain', key: RED },
      { op: 'delete', kind: 'virtualSubnet', routingDomain: BLUE, key: Vsid(9999) },
      { op: 'upsert', kind: 'virtualSubnet', routingDomain: RED, value: subnet(7001, []) },
      {
        op: 'delete',
        kind: 'lookupRecord',
        routingDomain: BLUE,
        key: lookupRecordKey(Vsid(5001), ca('192.168.1.99')),
      },
    ];
    policy.routingDomains.delete(RED);
    const state = createPolicyState(policy);
    const before = picture(state.policy);
    const applied = state.apply(missing);
    expect(applied.missing.map(({ subject, code }) => [subject, code])).toEqual(
      missing.map((each) => [each, 'notFound']),
    );
    expect(picture(state.policy)).toEqual(before);
  });

  it('that says nothing new touches nothing', () => {
    const { policy } = blueAndRed();
    const state = createPolicyState(policy);
    const again = blueAndRed();
    const applied = state.apply([
      { op: 'upsert', kind: 'routingDomain', value: again.blue },
      { op: 'upsert', kind: 'routingDomainHead', value: again.red.head },
      { op: 'upsert', kind: 'providerAddress', value: providerAddress('10.1.1.40') },
      {
        op: 'upsert',
        kind: 'customerRoute',
        routingDomain: BLUE,
        value: route(5001, '192.168.1.0/24', '0.0.0.0'),
      },
    ]);
    expect(applied.changes).toEqual([]);
    expect(pushScope(applied.touched, state.policy, state.index)).toEqual({
      gateway: false,
      domains: new Set(),
    });
  });

  it('of a record touches that record alone', () => {
    const state = createPolicyState(blueAndRed().policy);
    const moved = record(5001, '192.168.1.101', { pa: '10.1.1.30' });
    const { touched } = state.apply([
      { op: 'upsert', kind: 'lookupRecord', routingDomain: BLUE, value: moved },
    ]);
    expect(touched.domains).toEqual(
      new Map([[BLUE, new Set([lookupRecordKey(moved.vsid, moved.customerAddress)])]]),
    );
    expect(pushScope(touched, state.policy, state.index)).toEqual({
      ...{ gateway: false, domains: new Set([BLUE]) },
      records: { domains: touched.records, index: state.index },
    });
    expect(touched.records.get(BLUE)?.providerAddresses).toEqual(
      new Set([pa('10.1.1.20'), pa('10.1.1.30')]),
    );
  });

  it('of a record that sets the gateway address touches all of its domain', () => {
    const state = createPolicyState(blueAndRed().policy);
    const value = record(5001, '192.168.1.254', { pa: '169.254.254.254' });
    const { touched } = state.apply([
      { op: 'upsert', kind: 'lookupRecord', routingDomain: BLUE, value },
    ]);
    expect(touched.domains).toEqual(new Map([[BLUE, 'whole']]));
  });

  it('of a provider address touches every routing domain', () => {
    const state = createPolicyState(blueAndRed().policy);
    const { touched } = state.apply([
      { op: 'upsert', kind: 'providerAddress', value: providerAddress('10.1.1.41') },
    ]);
    expect(pushScope(touched, state.policy, state.index)).toEqual({
      gateway: true,
      domains: new Set([BLUE, RED]),
    });
  });

  it('of a routing domain leaves the pushed objects in place, for findings to name', () => {
    const state = createPolicyState(blueAndRed().policy);
    const { blue } = blueAndRed();
    blue.virtualSubnets.set(Vsid(5001), subnet(5001, ['192.168.7.0/24']));
    const { touched } = state.apply([{ op: 'upsert', kind: 'routingDomain', value: blue }]);
    const { errors } = validateTouched(
      { policy: state.policy, index: state.index, environment: ENVIRONMENT },
      touched,
    );
    const [pushed] = blue.lookupRecords.values();
    expect(errors[0]?.code).toBe('outsideVirtualSubnet');
    expect(errors[0]?.subject).toBe(pushed);
  });
});

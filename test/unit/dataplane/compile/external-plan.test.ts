import { describe, expect, it } from 'vitest';
import {
  changedDomains,
  externalPlan,
  type ExternalPlan,
} from '../../../../src/dataplane/compile/external-plan.js';
import { BLUE, GREEN, policyOf, RED } from '../../../support/policy-of.js';

function planOf(addresses: Readonly<Record<string, string>>): ExternalPlan {
  return externalPlan(
    policyOf({
      routingDomains: Object.entries(addresses).map(([id, externalAddress]) => ({
        id,
        connections: [{ id: 'internet', type: 'nat', externalAddress }],
      })),
    }),
  );
}

describe('externalPlan', () => {
  it('shares an address that two routing domains use, and no other', () => {
    const plan = planOf({ [BLUE]: '203.0.113.10', [RED]: '203.0.113.10', [GREEN]: '203.0.113.11' });
    const shared = [BLUE, RED, GREEN].map((id) => [...(plan.get(id)?.values() ?? [])][0]?.shared);
    expect(shared).toEqual([true, true, false]);
  });

  it('shares nothing between two connections of one routing domain', () => {
    const plan = externalPlan(
      policyOf({
        routingDomains: [
          {
            id: BLUE,
            connections: ['a', 'b'].map((id) => ({
              ...{ id, type: 'nat' as const, externalAddress: '203.0.113.10' },
            })),
          },
        ],
      }),
    );
    expect([...(plan.get(BLUE)?.values() ?? [])].map(({ shared }) => shared)).toEqual([
      false,
      false,
    ]);
  });
});

describe('externalPlan of tunnels', () => {
  const tunnel = (sourceAddress: string) => ({
    ...{ id: 'office', type: 'ikev2' as const, sourceAddress },
    ...{ destinationAddress: '198.51.100.2', routes: [{ destinationPrefix: '10.9.0.0/16' }] },
    authentication: { method: 'psk' as const, secret: 'secret' },
  });
  const internet = { id: 'internet', type: 'nat' as const, externalAddress: '203.0.113.10' };

  it('shares an address that one routing domain uses for NAT and another for a tunnel', () => {
    const plan = externalPlan(
      policyOf({
        routingDomains: [
          { id: BLUE, connections: [internet] },
          { id: RED, connections: [tunnel('203.0.113.10')] },
          { id: GREEN, connections: [tunnel('203.0.113.11')] },
        ],
      }),
    );
    const shared = [BLUE, RED, GREEN].map((id) => [...(plan.get(id)?.values() ?? [])][0]?.shared);
    expect(shared).toEqual([true, true, false]);
  });

  it('gives NAT and a tunnel of one routing domain one address', () => {
    const connections = [internet, tunnel('203.0.113.10')];
    const rival = { id: RED, connections: [internet] };
    const alone = externalPlan(policyOf({ routingDomains: [{ id: BLUE, connections }] }));
    const together = externalPlan(policyOf({ routingDomains: [{ id: BLUE, connections }, rival] }));
    for (const plan of [alone, together]) {
      const addresses = [...(plan.get(BLUE)?.values() ?? [])].map((each) => each.domainAddress);
      expect(addresses).toHaveLength(2);
      expect(new Set(addresses).size).toBe(1);
    }
  });
});

describe('changedDomains', () => {
  it('names the neighbour whose address becomes shared, and not the others', () => {
    const before = planOf({ [BLUE]: '203.0.113.10', [GREEN]: '203.0.113.11' });
    const after = planOf({
      [BLUE]: '203.0.113.10',
      [RED]: '203.0.113.10',
      [GREEN]: '203.0.113.11',
    });
    expect([...changedDomains(before, after)].sort()).toEqual([BLUE, RED]);
    expect([...changedDomains(after, before)].sort()).toEqual([BLUE, RED]);
    expect(changedDomains(after, after).size).toBe(0);
  });
});

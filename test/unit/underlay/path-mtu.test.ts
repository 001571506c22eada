import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProviderAddress } from '../../../src/model/addresses.js';
import { RoutingDomainId } from '../../../src/model/routing-domain-id.js';
import { parseIpv4, type Ipv4 } from '../../../src/net/ip.js';
import {
  changedPathMtus,
  sortPathMtus,
  type PathMtuReport,
} from '../../../src/underlay/path-mtu.js';

const NOW = new Date('2026-11-22T08:10:00Z');
const ROUTER = parseIpv4('10.1.1.1');
const [HOST1, HOST2] = [pa('10.1.1.20'), pa('10.1.1.30')];
const SOMEBODY = new Set([RoutingDomainId('11111111-2222-3333-4444-000000005001')]);

function pa(text: string): ProviderAddress {
  return ProviderAddress(parseIpv4(text));
}

function report(providerAddress: ProviderAddress, mtu: number, ageSeconds = 0): PathMtuReport {
  return { providerAddress, mtu, router: ROUTER, ageSeconds };
}

function sort(reports: readonly PathMtuReport[], peers = [HOST1, HOST2]) {
  return sortPathMtus(reports, {
    now: NOW,
    maxAgeSeconds: 600,
    domainsBehind: (address) => (peers.includes(address) ? SOMEBODY : new Set()),
  });
}

describe('sortPathMtus', () => {
  it('takes what is young enough, with the time when it was said', () => {
    const { inForce, forgotten, nextSeconds } = sort([report(HOST1, 1400, 599.5)]);
    expect([...inForce.values()]).toEqual([
      {
        ...{ providerAddress: HOST1, mtu: 1400, router: ROUTER },
        learnedAt: new Date('2026-11-22T08:00:00.500Z'),
      },
    ]);
    expect(forgotten).toEqual([]);
    expect(nextSeconds).toBe(0.5);
  });

  it.each([
    ['is ten minutes old', report(HOST1, 1400, 600)],
    ['is of no peer any more', report(pa('10.9.9.9'), 1400)],
    ['is less than any host must take', report(HOST1, 575)],
  ])('forgets what %s', (_, each) => {
    const { inForce, forgotten, nextSeconds } = sort([each]);
    expect(inForce.size).toBe(0);
    expect(forgotten).toEqual([each.providerAddress]);
    expect(nextSeconds).toBeUndefined();
  });

  it('looks again when the first is too old', () => {
    expect(sort([report(HOST1, 1400, 100), report(HOST2, 1300, 400)]).nextSeconds).toBe(200);
  });

  it('keeps or forgets each report, and has none in force for longer than it counts', () => {
    const reports = fc.uniqueArray(
      fc.record({
        address: fc.integer({ min: 0, max: 0xffffffff }),
        mtu: fc.integer({ min: 0, max: 65_535 }),
        ageSeconds: fc.double({ min: 0, max: 2000, noNaN: true }),
      }),
      { selector: ({ address }) => address },
    );
    fc.assert(
      fc.property(reports, (given) => {
        const all = given.map(({ address, mtu, ageSeconds }) =>
          report(ProviderAddress(address as Ipv4), mtu, ageSeconds),
        );
        const { inForce, forgotten, nextSeconds } = sort(
          all,
          all.map(({ providerAddress }) => providerAddress),
        );
        expect([...inForce.keys(), ...forgotten].sort()).toEqual(
          all.map(({ providerAddress }) => providerAddress).sort(),
        );
        for (const { learnedAt } of inForce.values())
          expect(NOW.getTime() - learnedAt.getTime()).toBeLessThanOrEqual(600_000);
        expect(nextSeconds === undefined).toBe(inForce.size === 0);
      }),
    );
  });
});

describe('changedPathMtus', () => {
  const inForce = (...reports: PathMtuReport[]) => sort(reports).inForce;

  it('names what is new, smaller or gone', () => {
    const before = inForce(report(HOST1, 1400), report(HOST2, 1300));
    const changed = changedPathMtus(before, inForce(report(HOST1, 1350)));
    expect([...changed].map(([address, now]) => [address, now?.mtu])).toEqual([
      [HOST1, 1350],
      [HOST2, undefined],
    ]);
  });

  it('is silent about what was only said again', () => {
    const changed = changedPathMtus(
      inForce(report(HOST1, 1400, 300)),
      inForce(report(HOST1, 1400)),
    );
    expect(changed.size).toBe(0);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProviderAddress } from '../../../src/model/addresses.js';
import { parseIpv4 } from '../../../src/net/ip.js';
import type { PathMtuReport } from '../../../src/underlay/path-mtu.js';
import { watchPathMtus } from '../../../src/underlay/watch.js';
import { BLUE, policyOf } from '../../support/policy-of.js';

const HOST = ProviderAddress(parseIpv4('10.1.1.20'));
const ROUTER = parseIpv4('10.1.1.1');

const POLICY = policyOf({
  routingDomains: [
    {
      id: BLUE,
      virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24'] }],
      lookupRecords: [
        {
          ...{ vsid: 5001, customerAddress: '192.168.1.101', macAddress: '00-15-5D-00-00-01' },
          providerAddress: '10.1.1.20',
        },
      ],
    },
  ],
});

/** A packet path that has heard of one peer's MTU at a time that the test sets. */
function scene() {
  let heardAt: number | undefined = Date.now();
  const changes: [number | undefined, string[]][] = [];
  const errors: unknown[] = [];
  let looks = 0;
  let broken = false;
  const watch = watchPathMtus({
    source: {
      pathMtus: () => {
        looks += 1;
        if (broken) return Promise.reject(new Error('no map'));
        const reports: PathMtuReport[] =
          heardAt === undefined
            ? []
            : [
                {
                  ...{ providerAddress: HOST, mtu: 1400, router: ROUTER },
                  ageSeconds: (Date.now() - heardAt) / 1000,
                },
              ];
        return Promise.resolve(reports);
      },
      forgetPathMtus: (addresses) => {
        expect(addresses).toEqual([HOST]);
        heardAt = undefined;
        return Promise.resolve();
      },
    },
    policy: () => POLICY,
    maxAgeSeconds: 600,
    onChange: (address, pathMtu, domains) => {
      expect(address).toBe(HOST);
      changes.push([pathMtu?.mtu, [...domains]]);
    },
    onError: (error) => errors.push(error),
  });
  return {
    ...{ watch, changes, errors },
    hear: () => (heardAt = Date.now()),
    fail: (now: boolean) => (broken = now),
    looks: () => looks,
    remembers: () => heardAt !== undefined,
  };
}

describe('watchPathMtus', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('takes what is there, names the routing domains, and forgets it after ten minutes', async () => {
    const { watch, changes, remembers } = scene();
    await watch.refresh();
    expect(watch.current().get(HOST)?.mtu).toBe(1400);
    await vi.advanceTimersByTimeAsync(599_000);
    expect(changes).toEqual([[1400, [BLUE]]]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(changes).toEqual([
      [1400, [BLUE]],
      [undefined, [BLUE]],
    ]);
    expect(watch.current().size).toBe(0);
    expect(remembers()).toBe(false);
    watch.close();
  });

  it('keeps what is said again', async () => {
    const { watch, changes, hear } = scene();
    await watch.refresh();
    await vi.advanceTimersByTimeAsync(500_000);
    hear();
    await vi.advanceTimersByTimeAsync(400_000);
    expect(watch.current().get(HOST)?.mtu).toBe(1400);
    expect(changes).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(watch.current().size).toBe(0);
    watch.close();
  });

  it('looks once more at most for any number of calls', async () => {
    const { watch, looks } = scene();
    await Promise.all(Array.from({ length: 1000 }, () => watch.refresh()));
    expect(looks()).toBeLessThanOrEqual(2);
    watch.close();
  });

  it('keeps what it knows when it cannot look, and looks when asked again', async () => {
    const { watch, errors, fail } = scene();
    await watch.refresh();
    fail(true);
    await watch.refresh();
    expect(errors).toEqual([new Error('no map')]);
    expect(watch.current().get(HOST)?.mtu).toBe(1400);
    fail(false);
    await watch.refresh();
    expect(errors).toHaveLength(1);
    watch.close();
  });
});

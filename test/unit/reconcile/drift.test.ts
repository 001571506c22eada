import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Scope } from '../../../src/dataplane/port.js';
import type { Policy } from '../../../src/model/policy.js';
import { RoutingDomainId } from '../../../src/model/routing-domain-id.js';
import { SHARE, watchDrift, type DriftWatch } from '../../../src/reconcile/drift.js';
import { NOTHING } from '../../../src/reconcile/scope.js';
import { BLUE, policyOf, RED } from '../../support/policy-of.js';

beforeEach(() => {
  vi.useFakeTimers();
});

let watches: DriftWatch[] = [];
afterEach(() => {
  for (const watch of watches) watch.stop();
  watches = [];
  vi.useRealTimers();
});

const BLUE_ONLY: Scope = { gateway: false, domains: new Set([BLUE]) };
const RED_ONLY: Scope = { gateway: false, domains: new Set([RED]) };

function domains(count: number): RoutingDomainId[] {
  return Array.from({ length: count }, (_, index) =>
    RoutingDomainId(`11111111-2222-3333-4444-${String(index).padStart(12, '0')}`),
  );
}

/** A watch on a kernel that has these domains; each look takes so many milliseconds. */
function watched(there: readonly RoutingDomainId[], milliseconds = 0, policy = policyOf({})) {
  const looks: { readonly at: number; readonly scope: Scope }[] = [];
  const listeners = new Set<(scope: Scope) => void>();
  const errors: unknown[] = [];
  let retried: Scope = NOTHING;
  let broken: Error | undefined;
  const began = Date.now();
  const current: { policy: Policy } = { policy };
  const watch = watchDrift({
    policy: { current: () => ({ revision: 1, ...current }) },
    dataPlane: {
      domains: () => Promise.resolve(new Set(there)),
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    intervalSeconds: 10,
    look: async (scope) => {
      if (broken !== undefined) throw broken;
      looks.push({ at: Date.now() - began, scope });
      if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
    },
    retried: () => retried,
    onError: (error) => errors.push(error),
  });
  watches.push(watch);
  return {
    ...{ looks, errors, watch, listeners },
    tell: (scope: Scope) => {
      for (const listener of listeners) listener(scope);
    },
    retry: (scope: Scope) => (retried = scope),
    breakDown: (error: Error | undefined) => (broken = error),
  };
}

describe('what the kernel tells of', () => {
  it('is looked at when it has been quiet for a moment, and nothing else is', async () => {
    const { looks, tell } = watched([BLUE, RED]);
    tell(BLUE_ONLY);
    await vi.advanceTimersByTimeAsync(200);
    tell(RED_ONLY);
    await vi.advanceTimersByTimeAsync(249);
    expect(looks).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(looks).toEqual([{ at: 450, scope: { gateway: false, domains: new Set([BLUE, RED]) } }]);
  });

  it('is looked at soon, however busy somebody is', async () => {
    const { looks, tell } = watched([BLUE]);
    for (let round = 0; round < 30; round++) {
      tell(BLUE_ONLY);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(looks[0]?.at).toBe(2_000);
  });

  it('is looked at no more than a quarter of the time', async () => {
    const { looks, tell } = watched([BLUE], 500);
    for (let round = 0; round < 80; round++) {
      tell(BLUE_ONLY);
      await vi.advanceTimersByTimeAsync(100);
    }
    const told = looks.filter(({ scope }) => scope !== 'all');
    expect(told.length).toBeGreaterThan(1);
    expect(told.length).toBeLessThanOrEqual(4);
  });

  it('is left to those who look anyway where something fails', async () => {
    const { looks, tell, retry } = watched([BLUE, RED]);
    retry(BLUE_ONLY);
    tell(BLUE_ONLY);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(looks).toEqual([]);
    tell({ gateway: false, domains: new Set([BLUE, RED]) });
    await vi.advanceTimersByTimeAsync(300);
    expect(looks.map(({ scope }) => scope)).toEqual([RED_ONLY]);
  });
});

describe('looking without reason', () => {
  it('is done for everything at once, every ten seconds, in a small gateway', async () => {
    const { looks } = watched(domains(SHARE), 100);
    await vi.advanceTimersByTimeAsync(30_500);
    expect(looks).toEqual([10_000, 20_000, 30_000].map((at) => ({ at, scope: 'all' })));
  });

  it('reaches every domain of a large one within that time, share by share', async () => {
    const all = domains(5 * SHARE - 1);
    const { looks } = watched(all, 100);
    await vi.advanceTimersByTimeAsync(19_999);
    const shares = looks.map(({ scope }) => (scope === 'all' ? undefined : scope));
    expect(looks.map(({ at }) => at)).toEqual([10_000, 12_000, 14_000, 16_000, 18_000]);
    expect(shares.map((share) => share?.gateway)).toEqual([true, false, false, false, false]);
    expect(shares.flatMap((share) => [...(share?.domains ?? [])])).toEqual(all);
  });

  it('takes longer rather than more than a quarter of the time', async () => {
    const { looks } = watched(domains(10 * SHARE), 1_000);
    await vi.advanceTimersByTimeAsync(10_000 + 40_000 - 1);
    expect(looks).toHaveLength(10);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(looks).toHaveLength(11);
  });

  it('goes on after an error, and ends when it is stopped', async () => {
    const { looks, watch, listeners, errors, breakDown } = watched([]);
    breakDown(new Error('ip: not found'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(errors).toEqual([new Error('ip: not found')]);
    breakDown(undefined);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks).toHaveLength(1);
    watch.stop();
    looks.length = 0;
    await vi.advanceTimersByTimeAsync(40_000);
    expect(looks).toEqual([]);
    expect(listeners.size).toBe(0);
  });
});

import type { DataPlane, Scope } from '../dataplane/port.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { PolicyService } from '../policy/service.js';
import { isEmptyScope, mergeScopes, NOTHING, withoutScope } from './scope.js';

/** So many routing domains are compared in one run; a gateway with more is seen share by share. */
export const SHARE = 32;

/** What the kernel tells is looked at when it has been quiet for so long, but not much later. */
const QUIET_MS = 250;
const LATEST_MS = 2_000;

/** After a share, or after a look that the kernel gave reason to, so many times as long is rested. */
const REST = 3;

export interface DriftWatchOptions {
  readonly policy: Pick<PolicyService, 'current'>;
  readonly dataPlane: Pick<DataPlane, 'domains' | 'onChange'>;
  /** Seconds from the beginning of one full look to that of the next. */
  readonly intervalSeconds: number;
  /** Compares that part of the kernel with the policy, and mends it. */
  readonly look: (scope: Scope) => Promise<void>;
  /** The parts that are looked at again anyway, at their own pace. */
  readonly retried: () => Scope;
  readonly onError: (error: unknown) => void;
}

/**
 * Decides what is compared with the policy when no push has asked for it: at once the parts in
 * which the kernel tells of a change, and everything from time to time.
 *
 * The kernel also tells what nvgate itself has changed; the look at that finds nothing. A large
 * gateway is seen in shares with pauses in between, so that looking takes no more than a quarter of
 * the time: a full look then takes as long as it takes.
 */
export interface DriftWatch {
  stop(): void;
}

export function watchDrift(options: DriftWatchOptions): DriftWatch {
  const { policy, dataPlane, look, retried, onError } = options;
  const interval = options.intervalSeconds * 1000;
  const pauses = new Set<() => void>();
  let stopped = false;

  let told: Scope = NOTHING;
  let toldSince = 0;
  let timer: NodeJS.Timeout | undefined;
  let following = false;

  function pause(milliseconds: number): Promise<void> {
    if (stopped || milliseconds <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(waiting);
        pauses.delete(end);
        resolve();
      };
      const waiting = setTimeout(end, milliseconds).unref();
      pauses.add(end);
    });
  }

  /** @returns milliseconds that it took */
  async function timedLook(scope: Scope): Promise<number> {
    const began = Date.now();
    if (!stopped) await look(scope);
    return Date.now() - began;
  }

  async function lookRound(): Promise<void> {
    const began = Date.now();
    const all = await shares('all');
    const spacing = interval / all.length;
    for (const [index, share] of all.entries()) {
      const took = await timedLook(share);
      const next = began + (index + 1) * spacing;
      await pause(Math.max(next - Date.now(), all.length > 1 ? REST * took : took));
    }
  }

  /** Never rejects. */
  async function goRound(): Promise<void> {
    await pause(interval);
    while (!stopped)
      await lookRound().catch(async (error: unknown) => {
        if (!stopped) onError(error);
        await pause(interval);
      });
  }

  async function shares(scope: Scope): Promise<Scope[]> {
    const domains = scope === 'all' ? await allDomains() : scope.domains;
    if (domains.size <= SHARE) return [scope];
    const gateway = scope === 'all' || scope.gateway;
    const order = [...domains].sort();
    return Array.from({ length: Math.ceil(order.length / SHARE) }, (_, index) => ({
      gateway: gateway && index === 0,
      domains: new Set(order.slice(index * SHARE, (index + 1) * SHARE)),
    }));
  }

  /** Those that are wanted, and those that are there. */
  async function allDomains(): Promise<Set<RoutingDomainId>> {
    const there = await dataPlane.domains();
    return new Set([...policy.current().policy.routingDomains.keys(), ...there]);
  }

  function changed(scope: Scope): void {
    if (stopped || isEmptyScope(scope)) return;
    if (isEmptyScope(told)) toldSince = Date.now();
    told = mergeScopes(told, scope);
    if (following) return;
    clearTimeout(timer);
    const wait = Math.min(QUIET_MS, Math.max(0, toldSince + LATEST_MS - Date.now()));
    timer = setTimeout(() => void follow(), wait).unref();
  }

  /** Never rejects. */
  async function follow(): Promise<void> {
    following = true;
    // Else what fails, and changes something in failing, would be done again without end.
    const scope = withoutScope(told, retried());
    told = NOTHING;
    try {
      if (!isEmptyScope(scope))
        for (const share of await shares(scope)) await pause(REST * (await timedLook(share)));
    } catch (error) {
      if (!stopped) onError(error);
    }
    following = false;
    const since = told;
    told = NOTHING;
    changed(since);
  }

  const unsubscribe = dataPlane.onChange(changed);
  void goRound();
  return {
    stop() {
      stopped = true;
      unsubscribe();
      clearTimeout(timer);
      for (const end of pauses) end();
    },
  };
}

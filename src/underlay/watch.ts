import type { ProviderAddress } from '../model/addresses.js';
import type { Policy } from '../model/policy.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { domainsBehind } from './domains-behind.js';
import { changedPathMtus, sortPathMtus, type PathMtu, type PathMtuReport } from './path-mtu.js';

export interface PathMtuWatchOptions {
  /** Where the packet path keeps what routers have said; it outlives this process. */
  readonly source: {
    pathMtus(): Promise<readonly PathMtuReport[]>;
    forgetPathMtus(providerAddresses: readonly ProviderAddress[]): Promise<void>;
  };
  readonly policy: () => Pick<Policy, 'routingDomains'>;
  readonly maxAgeSeconds: number;
  /** A peer's MTU is another one; undefined: what its underlay device carries, as far as is known. */
  readonly onChange: (
    providerAddress: ProviderAddress,
    pathMtu: PathMtu | undefined,
    domains: ReadonlySet<RoutingDomainId>,
  ) => void;
  readonly onError: (error: unknown) => void;
}

/** The path MTUs that count now. */
export interface PathMtuWatch {
  /** Looks at what the packet path has. Several calls at once look once more at most. Never rejects. */
  refresh(): Promise<void>;
  current(): ReadonlyMap<ProviderAddress, PathMtu>;
  close(): void;
}

/** Timers of Node count no further. */
const LONGEST_TIMER_SECONDS = 86_400;

export function watchPathMtus(options: PathMtuWatchOptions): PathMtuWatch {
  const { source, policy, maxAgeSeconds, onChange, onError } = options;
  let current: ReadonlyMap<ProviderAddress, PathMtu> = new Map();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let closed = false;

  async function look(): Promise<void> {
    const reports = await source.pathMtus();
    const peers = new Set([
      ...reports.map(({ providerAddress }) => providerAddress),
      ...current.keys(),
    ]);
    const behind = domainsBehind(policy(), peers);
    const domainsOf = (address: ProviderAddress): ReadonlySet<RoutingDomainId> =>
      behind.get(address) ?? new Set();
    const { inForce, forgotten, nextSeconds } = sortPathMtus(reports, {
      ...{ now: new Date(), maxAgeSeconds },
      domainsBehind: domainsOf,
    });
    if (forgotten.length > 0) await source.forgetPathMtus(forgotten);
    const changed = changedPathMtus(current, inForce);
    current = inForce;
    for (const [address, pathMtu] of changed) onChange(address, pathMtu, domainsOf(address));
    schedule(nextSeconds);
  }

  /** What is refreshed meanwhile is younger when the timer ends: it looks, and waits on. */
  function schedule(seconds: number | undefined): void {
    clearTimeout(timer);
    if (seconds === undefined || closed) return;
    const wait = Math.min(seconds, LONGEST_TIMER_SECONDS) * 1000;
    timer = setTimeout(() => void refresh(), Math.ceil(wait)).unref();
  }

  function refresh(): Promise<void> {
    if (closed) return Promise.resolve();
    again = true;
    running ??= repeat();
    return running;
  }

  async function repeat(): Promise<void> {
    while (again && !closed) {
      again = false;
      await look().catch(onError);
    }
    running = undefined;
  }

  return {
    refresh,
    current: () => current,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

import type { ProviderAddress } from '../model/addresses.js';
import { PATH_MTU_MIN } from '../model/path-mtu.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { Ipv4 } from '../net/ip.js';

/** The way to a peer carries less than the gateway's own underlay device does (N9). */
export interface PathMtu {
  readonly providerAddress: ProviderAddress;
  /** Bytes of outer packet. */
  readonly mtu: number;
  /** The router that said so last. */
  readonly router: Ipv4;
  /** When that was. */
  readonly learnedAt: Date;
}

/** What the packet path has taken for true. */
export interface PathMtuReport {
  readonly providerAddress: ProviderAddress;
  readonly mtu: number;
  readonly router: Ipv4;
  readonly ageSeconds: number;
}

export interface Sorting {
  readonly now: Date;
  /** Seconds that a router's word counts (RFC 1191 section 6.3 says ten minutes). */
  readonly maxAgeSeconds: number;
  /** The routing domains that send to that provider address now. */
  readonly domainsBehind: (providerAddress: ProviderAddress) => ReadonlySet<RoutingDomainId>;
}

export interface SortedPathMtus {
  readonly inForce: ReadonlyMap<ProviderAddress, PathMtu>;
  /** Too old, of no peer any more, or not to be believed. */
  readonly forgotten: readonly ProviderAddress[];
  /** Seconds until the first of those in force is too old; undefined where there is none. */
  readonly nextSeconds: number | undefined;
}

/** Which reports count now. The packet path has judged them by the policy of their time. */
export function sortPathMtus(reports: readonly PathMtuReport[], sorting: Sorting): SortedPathMtus {
  const { now, maxAgeSeconds, domainsBehind } = sorting;
  const inForce = new Map<ProviderAddress, PathMtu>();
  const forgotten: ProviderAddress[] = [];
  let nextSeconds: number | undefined;
  for (const { providerAddress, mtu, router, ageSeconds } of reports) {
    const left = maxAgeSeconds - ageSeconds;
    if (left <= 0 || mtu < PATH_MTU_MIN || domainsBehind(providerAddress).size === 0) {
      forgotten.push(providerAddress);
      continue;
    }
    const learnedAt = new Date(now.getTime() - ageSeconds * 1000);
    inForce.set(providerAddress, { providerAddress, mtu, router, learnedAt });
    nextSeconds = Math.min(left, nextSeconds ?? left);
  }
  return { inForce, forgotten, nextSeconds };
}

/** Peers whose MTU is another one than before, `after` undefined where none is known any more. */
export function changedPathMtus(
  before: ReadonlyMap<ProviderAddress, PathMtu>,
  after: ReadonlyMap<ProviderAddress, PathMtu>,
): Map<ProviderAddress, PathMtu | undefined> {
  const changed = new Map<ProviderAddress, PathMtu | undefined>();
  for (const [address, pathMtu] of after)
    if (before.get(address)?.mtu !== pathMtu.mtu) changed.set(address, pathMtu);
  for (const address of before.keys()) if (!after.has(address)) changed.set(address, undefined);
  return changed;
}

import type { ProviderAddress } from '../../model/addresses.js';
import type { RouteTarget } from '../../model/forwarding-table.js';
import type { IpFamily } from '../../net/ip.js';
import { innerMtu, NVGRE_OVERHEAD, type Environment } from './environment.js';

/**
 * An IPv6 link carries no less, and its hosts need not send less (RFC 8200 section 5). Where the
 * underlay carries less than 1322 bytes, IPv6 packets of more than fits are lost: NVGRE is not
 * fragmented (N8).
 */
const IPV6_MTU_MIN = 1280;

/** What path limits depend on. */
export type PathEnvironment = Pick<Environment, 'underlay' | 'pathMtus'>;

/**
 * Bytes of the longest inner packet to a peer, where the way there is known to carry less than the
 * underlay devices do (N9); undefined where it is not.
 */
export function pathLimit(
  environment: PathEnvironment,
  peer: ProviderAddress | undefined,
  family: IpFamily,
): number | undefined {
  const mtu = peer === undefined ? undefined : environment.pathMtus.get(peer);
  if (mtu === undefined) return undefined;
  const limit = Math.max(mtu - NVGRE_OVERHEAD, family === 6 ? IPV6_MTU_MIN : 0);
  return limit < innerMtu(environment) ? limit : undefined;
}

/**
 * As `pathLimit` for what a route leads to without a look at records: a router VM, or the subnet's
 * wildcard. VMs of the subnet with a record of their own are told the wildcard's limit as well, when
 * their own is no smaller: better than a route for each of them.
 */
export function routeLimit(
  environment: PathEnvironment,
  target: RouteTarget,
  family: IpFamily,
): number | undefined {
  switch (target.kind) {
    case 'router':
      return pathLimit(environment, target.router.providerAddress, family);
    case 'onLink':
      return pathLimit(environment, target.wildcard?.providerAddress, family);
    case 'multicast':
      return undefined;
  }
}

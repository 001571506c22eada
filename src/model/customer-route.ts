import {
  addressBits,
  ipKey,
  isIpv4,
  isLimitedBroadcast,
  isMulticast,
  isUnspecified,
  type IpAddress,
} from '../net/ip.js';
import { broadcastAddress, formatPrefix, type Prefix } from '../net/prefix.js';
import type { VirtualSubnet } from './virtual-subnet.js';
import type { Vsid } from './vsid.js';

/** A route inside a routing domain (New-NetVirtualizationCustomerRoute). */
export interface CustomerRoute {
  readonly vsid: Vsid;
  readonly destinationPrefix: Prefix;
  /** 0.0.0.0 or :: is on link; a multicast group carries the subnet's broadcast and multicast; else a router's CA. */
  readonly nextHop: IpAddress;
  readonly metric: number;
}

/** Names a route within its routing domain. */
export type CustomerRouteKey = string & { readonly customerRouteKey: true };

export function customerRouteKey(
  route: Pick<CustomerRoute, 'vsid' | 'destinationPrefix' | 'nextHop'>,
): CustomerRouteKey {
  return `${route.vsid}/${formatPrefix(route.destinationPrefix)}/${ipKey(route.nextHop)}` as CustomerRouteKey;
}

export function isOnLink(route: CustomerRoute): boolean {
  return isUnspecified(route.nextHop);
}

export function isMulticastRoute(route: CustomerRoute): boolean {
  return isMulticast(route.nextHop);
}

/** Whether a route's destination is broadcast or multicast, as the subnet knows it. */
export function leadsToGroup(
  { destinationPrefix }: Pick<CustomerRoute, 'destinationPrefix'>,
  subnet: VirtualSubnet,
): boolean {
  const { address, length } = destinationPrefix;
  // 224.0.0.0/4 and ff00::/8 are all groups; a shorter prefix holds other addresses, too.
  if (isMulticast(address)) return length >= (isIpv4(address) ? 4 : 8);
  if (length !== addressBits(address)) return false;
  return (
    isLimitedBroadcast(address) ||
    subnet.prefixes.some((prefix) => broadcastAddress(prefix) === address)
  );
}

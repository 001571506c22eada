import { ipKey, isMulticast, isUnspecified, type IpAddress } from '../net/ip.js';
import { formatPrefix, type Prefix } from '../net/prefix.js';
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

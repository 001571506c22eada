import { isIpv4 } from '../../net/ip.js';
import type { Prefix } from '../../net/prefix.js';

/** Where a route stands in a table: two routes of one slot would have nothing to choose between. */
export function routeSlot(route: {
  readonly destinationPrefix: Prefix;
  readonly metric: number;
}): string {
  const { address, length } = route.destinationPrefix;
  return `${isIpv4(address) ? 4 : 6} ${address.toString(36)}/${length} ${route.metric}`;
}

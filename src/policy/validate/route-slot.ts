import { ipKey } from '../../net/ip.js';
import type { Prefix } from '../../net/prefix.js';

/** Where a route stands in a table: two routes of one slot would have nothing to choose between. */
export function routeSlot(route: {
  readonly destinationPrefix: Prefix;
  readonly metric: number;
}): string {
  const { address, length } = route.destinationPrefix;
  return `${ipKey(address)}/${length} ${route.metric}`;
}

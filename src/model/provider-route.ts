import type { Ipv4 } from '../net/ip.js';
import { formatPrefix, type Prefix } from '../net/prefix.js';

/** A route of the underlay (New-NetVirtualizationProviderRoute). */
export interface ProviderRoute {
  readonly destinationPrefix: Prefix;
  readonly nextHop: Ipv4;
  readonly metric: number;
}

/** Names a provider route. */
export type ProviderRouteKey = string & { readonly providerRouteKey: true };

export function providerRouteKey(
  route: Pick<ProviderRoute, 'destinationPrefix' | 'nextHop'>,
): ProviderRouteKey {
  return `${formatPrefix(route.destinationPrefix)}/${route.nextHop.toString(36)}` as ProviderRouteKey;
}

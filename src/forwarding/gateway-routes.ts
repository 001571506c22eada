import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { IpAddress } from '../net/ip.js';

/** What the gateway's routes lead to: an external device by its name, a routing domain's `ext`, or neither. */
export type ExternalEnd =
  | { readonly end: 'outside'; readonly device: string }
  | { readonly end: 'domain'; readonly routingDomain: RoutingDomainId };

/**
 * The routes of the gateway's namespace, as its kernel reads them. Undefined where it would do
 * anything but forward: to its own and to broadcast addresses, without a route, by one that refuses.
 */
export type GatewayRoutes = (
  address: IpAddress,
) => { readonly leadsTo: ExternalEnd | 'elsewhere'; readonly mtu: number } | undefined;

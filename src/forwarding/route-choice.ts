import {
  isRemote,
  type Connection,
  type ConnectionId,
  type ConnectionRoute,
} from '../model/connection.js';
import { isMulticastRoute, isOnLink, type CustomerRoute } from '../model/customer-route.js';
import type { ForwardingTables } from '../model/forwarding-table.js';
import { lookupRecordKey } from '../model/lookup-record.js';
import type { RoutingDomain } from '../model/routing-domain.js';
import type { Vsid } from '../model/vsid.js';
import { familyOf, type IpAddress } from '../net/ip.js';
import { formatPrefix, prefixContains, prefixFamily, type Prefix } from '../net/prefix.js';

/** What the routing domain's own routing table has for a destination. */
export type RouteChoice =
  /** A prefix of one of its virtual subnets. */
  | (Choice & { readonly kind: 'virtualSubnet'; readonly vsid: Vsid })
  | (Choice & { readonly kind: 'customerRoute'; readonly route: CustomerRoute })
  | (Choice & {
      readonly kind: 'connection';
      readonly connection: Connection;
      readonly route: ConnectionRoute;
      /** The routing domain has a dead end in place of this route, because its tunnel is down. */
      readonly tunnelDown?: true;
    });

/** The remote connections of a routing domain whose tunnels carry packets. */
export interface UpTunnels {
  has(connection: ConnectionId): boolean;
}

interface Choice {
  readonly destinationPrefix: Prefix;
  readonly metric: number;
}

/**
 * The route that the kernel takes: the longest prefix, then what leads anywhere, then the lower
 * metric, then virtual subnets before customer routes before connections.
 */
export function chooseRoute(
  domain: RoutingDomain,
  destination: IpAddress,
  tables: ForwardingTables,
  tunnels: UpTunnels | undefined,
): RouteChoice | undefined {
  let best: RouteChoice | undefined;
  for (const candidate of candidates(domain, tables, tunnels)) {
    if (!prefixContains(candidate.destinationPrefix, destination)) continue;
    if (best === undefined || isBetter(candidate, best)) best = candidate;
  }
  return best;
}

function isBetter(candidate: RouteChoice, best: RouteChoice): boolean {
  const longer = candidate.destinationPrefix.length - best.destinationPrefix.length;
  if (longer !== 0) return longer > 0;
  if (isDeadEnd(candidate) !== isDeadEnd(best)) return isDeadEnd(best);
  return candidate.metric < best.metric;
}

function isDeadEnd(choice: RouteChoice): boolean {
  return choice.kind === 'connection' && choice.tunnelDown === true;
}

function* candidates(
  domain: RoutingDomain,
  tables: ForwardingTables,
  tunnels: UpTunnels | undefined,
): Generator<RouteChoice> {
  yield* virtualSubnetRoutes(domain);
  for (const route of domain.customerRoutes.values())
    if (leadsOn(domain, route, tables))
      yield {
        kind: 'customerRoute',
        route,
        destinationPrefix: route.destinationPrefix,
        metric: route.metric,
      };
  for (const connection of domain.connections.values()) {
    const isDown = isRemote(connection) && tunnels?.has(connection.id) !== true;
    for (const route of connectionRoutes(connection))
      yield {
        kind: 'connection',
        connection,
        route,
        ...route,
        ...(isDown ? { tunnelDown: true } : {}),
      };
  }
}

/** An on-link customer route for a subnet's own prefix stands for it, with its metric. */
function* virtualSubnetRoutes(domain: RoutingDomain): Generator<RouteChoice> {
  const spelledOut = new Set<string>();
  for (const route of domain.customerRoutes.values())
    if (isOnLink(route)) spelledOut.add(`${route.vsid} ${formatPrefix(route.destinationPrefix)}`);
  for (const { vsid, prefixes } of domain.virtualSubnets.values())
    for (const destinationPrefix of prefixes)
      if (!spelledOut.has(`${vsid} ${formatPrefix(destinationPrefix)}`))
        yield { kind: 'virtualSubnet', vsid, destinationPrefix, metric: 0 };
}

/**
 * Broadcast and multicast are not routed. A next hop that is the gateway itself says how packets
 * get here, not where they go from here; one without a record that routes leads nowhere.
 */
function leadsOn(domain: RoutingDomain, route: CustomerRoute, tables: ForwardingTables): boolean {
  if (isOnLink(route)) return true;
  if (isMulticastRoute(route)) return false;
  const router = tables.lookupRecord(domain.head.id, route.nextHop);
  if (router === undefined || router.local) return false;
  const key = lookupRecordKey(router.vsid, router.customerAddress);
  return domain.lookupRecords.get(key)?.type !== 'l2only';
}

/** NAT leads nowhere in the family that its external address is not of. */
function connectionRoutes(connection: Connection): readonly ConnectionRoute[] {
  if (connection.type !== 'nat') return connection.routes;
  const family = familyOf(connection.externalAddress);
  return connection.routes.filter((route) => prefixFamily(route.destinationPrefix) === family);
}

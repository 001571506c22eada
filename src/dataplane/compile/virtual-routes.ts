import {
  isMulticastRoute,
  isOnLink,
  leadsToGroup,
  type CustomerRoute,
} from '../../model/customer-route.js';
import type { LookupRecord } from '../../model/lookup-record.js';
import { policyRef, type PolicyRef } from '../../model/policy-ref.js';
import type { RouteTarget } from '../../model/forwarding-table.js';
import type { Vsid } from '../../model/vsid.js';
import { isLimitedBroadcast, isMulticast, type IpAddress } from '../../net/ip.js';
import { formatPrefix, prefixFamily, type Prefix } from '../../net/prefix.js';
import type { DomainView } from './domain-view.js';

/** A destination inside the virtual network and what it leads to there. */
export interface VirtualRoute {
  readonly destinationPrefix: Prefix;
  /** As the policy counts: the lower one wins. */
  readonly metric: number;
  readonly target: RouteTarget;
  readonly owner: PolicyRef;
}

/**
 * The subnets' own prefixes and the customer routes, subnets first, each (destination, metric) once.
 *
 * A route whose next hop is an address of the gateway itself is left out: it says that the packet
 * is to come here, which it has, and not where to go from here. So is one whose router has no record.
 */
export function virtualRoutes(view: DomainView): VirtualRoute[] {
  const routes = new Map<string, VirtualRoute>();
  const add = (route: VirtualRoute): void => {
    const key = `${formatPrefix(route.destinationPrefix)} ${route.metric}`;
    if (!routes.has(key)) routes.set(key, route);
  };
  for (const route of subnetRoutes(view)) add(route);
  const routers = routerRecords(view);
  for (const route of view.domain.customerRoutes.values()) {
    const target = targetOf(view, routers, route);
    if (target === undefined) continue;
    const { destinationPrefix, metric } = route;
    const owner = policyRef.customerRoute(view.id, route);
    add({ destinationPrefix, metric, target, owner });
  }
  return [...routes.values()];
}

/** Of the routes to one destination the one that wins, in the order of their first appearance. */
export function bestRoutes(routes: readonly VirtualRoute[]): VirtualRoute[] {
  const best = new Map<string, VirtualRoute>();
  for (const route of routes) {
    const key = formatPrefix(route.destinationPrefix);
    const rival = best.get(key);
    if (rival === undefined || route.metric < rival.metric) best.set(key, route);
  }
  return [...best.values()];
}

/** Broadcast and multicast are the packet path's business; the kernel does not route them to vnet. */
export function isUnicastRoute({ destinationPrefix, target }: VirtualRoute): boolean {
  return (
    target.kind !== 'multicast' &&
    !isMulticast(destinationPrefix.address) &&
    !isLimitedBroadcast(destinationPrefix.address)
  );
}

function* subnetRoutes(view: DomainView): Generator<VirtualRoute> {
  const metrics = onLinkMetrics(view);
  for (const { subnet } of view.subnets.values())
    for (const destinationPrefix of subnet.prefixes)
      yield {
        destinationPrefix,
        // The policy may say itself how much the subnet's own prefix counts.
        metric: metrics.get(onLinkKey(subnet.vsid, destinationPrefix)) ?? 0,
        target: onLinkTarget(view, subnet.vsid, destinationPrefix),
        owner: policyRef.virtualSubnet(view.id, subnet.vsid),
      };
}

/** The lowest metric of the on-link customer routes, by subnet and destination. */
function onLinkMetrics(view: DomainView): Map<string, number> {
  const metrics = new Map<string, number>();
  for (const route of view.domain.customerRoutes.values()) {
    if (!isOnLink(route)) continue;
    const key = onLinkKey(route.vsid, route.destinationPrefix);
    metrics.set(key, Math.min(route.metric, metrics.get(key) ?? route.metric));
  }
  return metrics;
}

function onLinkKey(vsid: Vsid, prefix: Prefix): string {
  return `${vsid} ${formatPrefix(prefix)}`;
}

/** The records of the routers (N15) that customer routes name, by their CA. */
function routerRecords(view: DomainView): Map<IpAddress, LookupRecord> {
  const nextHops = new Set<IpAddress>();
  for (const route of view.domain.customerRoutes.values()) nextHops.add(route.nextHop);
  const records = new Map<IpAddress, LookupRecord>();
  for (const record of view.remote)
    if (
      record.type !== 'l2only' &&
      nextHops.has(record.customerAddress) &&
      !records.has(record.customerAddress)
    )
      records.set(record.customerAddress, record);
  return records;
}

function targetOf(
  view: DomainView,
  routers: ReadonlyMap<IpAddress, LookupRecord>,
  route: CustomerRoute,
): RouteTarget | undefined {
  if (isSpreadRoute(view, route)) return { kind: 'multicast', vsid: route.vsid };
  if (isOnLink(route)) return onLinkTarget(view, route.vsid, route.destinationPrefix);
  const record = routers.get(route.nextHop);
  if (record === undefined) return undefined;
  const { macAddress, providerAddress, vsid } = record;
  return { kind: 'router', vsid, router: { macAddress, providerAddress } };
}

/** A route that carries broadcast or multicast, by a PA multicast group or, on link, by copies (N10). */
export function isSpreadRoute(view: DomainView, route: CustomerRoute): boolean {
  if (isMulticastRoute(route)) return true;
  const subnet = view.subnets.get(route.vsid)?.subnet;
  return subnet !== undefined && isOnLink(route) && leadsToGroup(route, subnet);
}

function onLinkTarget(view: DomainView, vsid: Vsid, destination: Prefix): RouteTarget {
  const wildcard = view.subnets.get(vsid)?.wildcard[prefixFamily(destination)];
  return { kind: 'onLink', vsid, ...(wildcard === undefined ? {} : { wildcard }) };
}

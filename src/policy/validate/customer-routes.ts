import { CustomerAddress } from '../../model/addresses.js';
import {
  isMulticastRoute,
  isOnLink,
  leadsToGroup,
  type CustomerRoute,
} from '../../model/customer-route.js';
import { lookupRecordKey, type LookupRecordKey } from '../../model/lookup-record.js';
import type { VirtualSubnet } from '../../model/virtual-subnet.js';
import { familyOf, formatIp } from '../../net/ip.js';
import { defaultPrefix, formatPrefix, prefixFamily, prefixesOverlap } from '../../net/prefix.js';
import { prefixAround, type DomainView } from './domain-view.js';
import { checkMulticastRoute } from './multicast-routes.js';
import { finding, type Report } from './report.js';
import { routeSlot } from './route-slot.js';

/** All customer routes of a routing domain. */
export function checkCustomerRoutes(view: DomainView, report: Report): void {
  const taken = new Map<string, CustomerRoute>();
  for (const route of view.domain.customerRoutes.values()) {
    const subnet = view.domain.virtualSubnets.get(route.vsid);
    if (subnet === undefined)
      report.error(
        finding(
          route,
          'vsid',
          'unknownVirtualSubnet',
          `${nameOf(route)} names a VSID that the routing domain does not have; push the virtual subnet first.`,
        ),
      );
    else checkNextHop(view, route, subnet, report);

    // Broadcast and multicast stay inside their subnet, so each subnet may have a route for them.
    const ownTable = subnet !== undefined && leadsToGroup(route, subnet);
    const slot = ownTable ? `${routeSlot(route)} ${route.vsid}` : routeSlot(route);
    const other = taken.get(slot);
    if (other === undefined) taken.set(slot, route);
    else
      report.error(
        finding(
          route,
          '',
          'duplicate',
          `${nameOf(route)} and ${nameOf(other)} have one metric, ${route.metric}; give them different ones or delete one.`,
        ),
      );
  }
}

/** The routes through routers whose records have gone. */
export function checkRoutesVia(
  view: DomainView,
  gone: ReadonlySet<LookupRecordKey>,
  report: Report,
): void {
  for (const route of view.domain.customerRoutes.values()) {
    const subnet = view.domain.virtualSubnets.get(route.vsid);
    if (subnet !== undefined && gone.has(routerKey(route)))
      checkNextHop(view, route, subnet, report);
  }
}

function checkNextHop(
  view: DomainView,
  route: CustomerRoute,
  subnet: VirtualSubnet,
  report: Report,
): void {
  if (isMulticastRoute(route)) checkMulticastRoute(route, subnet, report);
  else if (familyOf(route.nextHop) !== prefixFamily(route.destinationPrefix))
    report.error(
      finding(
        route,
        'nextHop',
        'invalidAddress',
        `Next hop and destination of ${nameOf(route)} are of different families; write both as IPv4 or both as IPv6.`,
      ),
    );
  else if (isOnLink(route)) checkOnLink(view, route, subnet, report);
  else if (!isReachable(view, route, subnet))
    report.error(
      finding(
        route,
        'nextHop',
        'unreachableNextHop',
        `Nothing of VSID ${route.vsid} has the address ${formatIp(route.nextHop)}, the next hop of ${formatPrefix(route.destinationPrefix)}; push the router's lookup record or name another router.`,
      ),
    );
}

function isReachable(view: DomainView, route: CustomerRoute, subnet: VirtualSubnet): boolean {
  if (prefixAround(subnet, route.nextHop) === undefined) return false;
  return (
    view.domain.lookupRecords.has(routerKey(route)) ||
    view.gatewayAddresses.get(route.vsid)?.includes(CustomerAddress(route.nextHop)) === true
  );
}

/** Beyond the subnet's own prefixes only a wildcard record answers on link. */
function checkOnLink(
  view: DomainView,
  route: CustomerRoute,
  subnet: VirtualSubnet,
  report: Report,
): void {
  const destination = route.destinationPrefix;
  if (leadsToGroup(route, subnet)) return;
  if (subnet.prefixes.some((prefix) => prefixesOverlap(prefix, destination))) return;
  const unspecified = CustomerAddress(defaultPrefix(prefixFamily(destination)).address);
  if (view.domain.lookupRecords.has(lookupRecordKey(route.vsid, unspecified))) return;
  report.warn(
    finding(
      route,
      'nextHop',
      'unreachableNextHop',
      `${nameOf(route)} lies outside the subnet's prefixes and the subnet has no gatewayWildcard record, so its packets are dropped; name a router or push such a record.`,
    ),
  );
}

function routerKey(route: CustomerRoute): LookupRecordKey {
  return lookupRecordKey(route.vsid, CustomerAddress(route.nextHop));
}

function nameOf(route: CustomerRoute): string {
  const via = isOnLink(route) ? 'on link' : `via ${formatIp(route.nextHop)}`;
  return `Route ${formatPrefix(route.destinationPrefix)} ${via} of VSID ${route.vsid}`;
}

import { ProviderAddress } from '../../model/addresses.js';
import { isMulticastRoute, type CustomerRoute } from '../../model/customer-route.js';
import { REPLICATION_MAX } from '../../model/forwarding-table.js';
import { ownProviderAddress, type Policy } from '../../model/policy.js';
import { policyRef } from '../../model/policy-ref.js';
import { addressBits, isIpv4 } from '../../net/ip.js';
import { broadcastAddress, formatPrefix, hostPrefix } from '../../net/prefix.js';
import type { KernelObject } from '../kernel-object.js';
import type { DomainView } from './domain-view.js';
import type { Environment } from './environment.js';
import { isSpreadRoute } from './virtual-routes.js';

/*
 * Broadcast and multicast of virtual subnets (N10): by the PA multicast group that a customer route
 * names, else a copy to each host.
 */

/**
 * The groups that underlay devices are members of: each group of a routing domain on the device of
 * the domain's provider address.
 */
export function* groupMemberships(policy: Policy): Generator<KernelObject> {
  const joined = new Set<string>();
  for (const domain of policy.routingDomains.values()) {
    const own = ownProviderAddress(policy, domain);
    const name = own === undefined ? undefined : policy.providerAddresses.get(own)?.interface;
    if (name === undefined) continue;
    for (const route of domain.customerRoutes.values()) {
      const group = groupOf(route);
      if (group === undefined || joined.has(`${name} ${group}`)) continue;
      joined.add(`${name} ${group}`);
      yield {
        kind: 'address',
        place: 'gateway',
        device: { kind: 'configured', name },
        address: group,
        prefixLength: addressBits(group),
        owner: policyRef.customerRoute(domain.head.id, route),
      };
    }
  }
}

/** A routing domain's part, as the packet path reads it. */
export function* multicastTables(
  environment: Pick<Environment, 'multicastPacketsPerSecond'>,
  view: DomainView,
): Generator<KernelObject> {
  const { id: routingDomain } = view;
  for (const { subnet, hosts } of view.subnets.values()) {
    const providerAddresses = hosts.slice(0, REPLICATION_MAX);
    const entry = {
      ...{ routingDomain, vsid: subnet.vsid, providerAddresses },
      leftOut: hosts.length - providerAddresses.length,
      packetsPerSecond: environment.multicastPacketsPerSecond,
    };
    const owner = policyRef.virtualSubnet(routingDomain, subnet.vsid);
    yield { kind: 'replication', entry, owner };
  }
  const groups = new Set<string>();
  for (const route of bestSpreadRoutes(view)) {
    const { vsid, destinationPrefix } = route;
    const group = groupOf(route);
    const owner = policyRef.customerRoute(routingDomain, route);
    const entry = { routingDomain, vsid, destinationPrefix, group };
    yield { kind: 'multicastRoute', entry, owner };
    if (group === undefined || groups.has(`${vsid} ${group}`)) continue;
    groups.add(`${vsid} ${group}`);
    yield { kind: 'providerGroup', entry: { routingDomain, vsid, group }, owner };
  }
}

/** The subnets' broadcast addresses, for which the policy may have routes of its own. */
export function* broadcastRoutes(
  view: DomainView,
  taken: ReadonlySet<string>,
): Generator<KernelObject> {
  for (const { subnet } of view.subnets.values())
    for (const prefix of subnet.prefixes) {
      const address = broadcastAddress(prefix);
      if (address === undefined || taken.has(formatPrefix(hostPrefix(address)))) continue;
      const target = { kind: 'multicast', vsid: subnet.vsid } as const;
      yield {
        kind: 'customerRoute',
        entry: { routingDomain: view.id, destinationPrefix: hostPrefix(address), target },
        owner: policyRef.virtualSubnet(view.id, subnet.vsid),
      };
    }
}

/** Of the routes of one subnet to one destination the one that wins. */
function bestSpreadRoutes(view: DomainView): Iterable<CustomerRoute> {
  const best = new Map<string, CustomerRoute>();
  for (const route of view.domain.customerRoutes.values()) {
    if (!isSpreadRoute(view, route)) continue;
    const key = `${route.vsid} ${formatPrefix(route.destinationPrefix)}`;
    const rival = best.get(key);
    if (rival === undefined || route.metric < rival.metric) best.set(key, route);
  }
  return best.values();
}

/** Undefined for a route on link. */
function groupOf(route: CustomerRoute): ProviderAddress | undefined {
  return isMulticastRoute(route) && isIpv4(route.nextHop)
    ? ProviderAddress(route.nextHop)
    : undefined;
}

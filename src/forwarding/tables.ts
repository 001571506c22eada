import type { ProviderAddress } from '../model/addresses.js';
import type {
  CustomerRouteEntry,
  ForwardingTables,
  LookupRecordEntry,
  ProviderAddressEntry,
  ProviderPeerEntry,
  VirtualSubnetEntry,
} from '../model/forwarding-table.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { familyOf, type IpAddress, type IpFamily } from '../net/ip.js';
import { maskAddress } from '../net/prefix.js';

/** The packet path's tables as lists, one for each BPF map. */
export interface ForwardingEntries {
  readonly providerAddresses: readonly ProviderAddressEntry[];
  readonly virtualSubnets: readonly VirtualSubnetEntry[];
  readonly lookupRecords: readonly LookupRecordEntry[];
  readonly customerRoutes: readonly CustomerRouteEntry[];
  readonly providerPeers: readonly ProviderPeerEntry[];
}

/** The tables in memory. Of two entries with one key the later one counts, as in a map update. */
export function forwardingTables(entries: ForwardingEntries): ForwardingTables {
  const providerAddresses = new Set<IpAddress>(entries.providerAddresses.map((e) => e.address));
  const virtualSubnets = new Map<number, VirtualSubnetEntry>(
    entries.virtualSubnets.map((entry) => [entry.vsid, entry]),
  );
  const domains = new Map<RoutingDomainId, DomainTables>();
  const domainOf = (id: RoutingDomainId): DomainTables => {
    const known = domains.get(id);
    if (known !== undefined) return known;
    const made = emptyDomain();
    domains.set(id, made);
    return made;
  };
  for (const record of entries.lookupRecords)
    domainOf(record.routingDomain).lookupRecords.set(record.customerAddress, record);
  for (const route of entries.customerRoutes)
    addRoute(
      domainOf(route.routingDomain).routes[familyOf(route.destinationPrefix.address)],
      route,
    );
  for (const peer of entries.providerPeers)
    domainOf(peer.routingDomain).peers.add(peer.providerAddress);

  return {
    isProviderAddress: (address) => providerAddresses.has(address),
    virtualSubnet: (vsid) => virtualSubnets.get(vsid),
    lookupRecord: (domain, address) => domains.get(domain)?.lookupRecords.get(address),
    customerRoute: (domain, address) => {
      const routes = domains.get(domain)?.routes[familyOf(address)];
      return routes === undefined ? undefined : longestMatch(routes, address);
    },
    isProviderPeer: (domain, address) => domains.get(domain)?.peers.has(address) ?? false,
  };
}

interface DomainTables {
  readonly lookupRecords: Map<IpAddress, LookupRecordEntry>;
  readonly peers: Set<ProviderAddress>;
  readonly routes: Readonly<Record<IpFamily, RoutesOfLength[]>>;
}

/** All routes with one prefix length, by network address; the longest length comes first. */
interface RoutesOfLength {
  readonly length: number;
  readonly byNetwork: Map<IpAddress, CustomerRouteEntry>;
}

function emptyDomain(): DomainTables {
  return { lookupRecords: new Map(), peers: new Set(), routes: { 4: [], 6: [] } };
}

function addRoute(routes: RoutesOfLength[], route: CustomerRouteEntry): void {
  const { address, length } = route.destinationPrefix;
  const at = routes.findIndex((candidate) => candidate.length <= length);
  const found = at === -1 ? undefined : routes[at];
  if (found?.length === length) {
    found.byNetwork.set(address, route);
    return;
  }
  routes.splice(at === -1 ? routes.length : at, 0, {
    length,
    byNetwork: new Map([[address, route]]),
  });
}

function longestMatch(
  routes: readonly RoutesOfLength[],
  address: IpAddress,
): CustomerRouteEntry | undefined {
  for (const { length, byNetwork } of routes) {
    const route = byNetwork.get(maskAddress(address, length));
    if (route !== undefined) return route;
  }
  return undefined;
}

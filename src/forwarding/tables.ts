import type { ProviderAddress } from '../model/addresses.js';
import type {
  CustomerRouteEntry,
  ExternalEndEntry,
  ForwardingTables,
  LookupRecordEntry,
  MulticastRouteEntry,
  ProviderAddressEntry,
  ProviderGroupEntry,
  ProviderPeerEntry,
  ReplicationEntry,
  RewriteEntry,
  VirtualSubnetEntry,
} from '../model/forwarding-table.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { familyOf, type IpAddress, type IpFamily } from '../net/ip.js';
import { maskAddress, type Prefix } from '../net/prefix.js';

/** The packet path's tables as lists, one for each BPF map. */
export interface ForwardingEntries {
  readonly providerAddresses: readonly ProviderAddressEntry[];
  readonly virtualSubnets: readonly VirtualSubnetEntry[];
  readonly lookupRecords: readonly LookupRecordEntry[];
  readonly customerRoutes: readonly CustomerRouteEntry[];
  readonly providerPeers: readonly ProviderPeerEntry[];
  readonly rewrites: readonly RewriteEntry[];
  readonly providerGroups: readonly ProviderGroupEntry[];
  readonly multicastRoutes: readonly MulticastRouteEntry[];
  readonly replications: readonly ReplicationEntry[];
  readonly externalEnds: readonly ExternalEndEntry[];
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
  const rewrites = new Map<IpAddress, RewriteEntry>(
    entries.rewrites.map((entry) => [entry.providerAddress, entry]),
  );
  const groups = new Set(entries.providerGroups.map(({ vsid, group }) => `${vsid} ${group}`));
  const multicastRoutes = new Map<number, Routes<MulticastRouteEntry>>();
  for (const route of entries.multicastRoutes) {
    const ofSubnet = multicastRoutes.get(route.vsid) ?? { 4: [], 6: [] };
    multicastRoutes.set(route.vsid, ofSubnet);
    addRoute(ofSubnet[familyOf(route.destinationPrefix.address)], route);
  }
  const replications = new Map<number, ReplicationEntry>(
    entries.replications.map((entry) => [entry.vsid, entry]),
  );
  const externalEnds = new Map<RoutingDomainId, ExternalEndEntry>(
    entries.externalEnds.map((entry) => [entry.routingDomain, entry]),
  );

  return {
    isProviderAddress: (address) => providerAddresses.has(address),
    virtualSubnet: (vsid) => virtualSubnets.get(vsid),
    lookupRecord: (domain, address) => domains.get(domain)?.lookupRecords.get(address),
    customerRoute: (domain, address) => {
      const routes = domains.get(domain)?.routes[familyOf(address)];
      return routes === undefined ? undefined : longestMatch(routes, address);
    },
    isProviderPeer: (domain, address) => domains.get(domain)?.peers.has(address) ?? false,
    rewrite: (address) => rewrites.get(address),
    isProviderGroup: (vsid, address) => groups.has(`${vsid} ${address}`),
    multicastRoute: (vsid, address) => {
      const routes = multicastRoutes.get(vsid)?.[familyOf(address)];
      return routes === undefined ? undefined : longestMatch(routes, address);
    },
    replication: (vsid) => replications.get(vsid),
    externalEnd: (domain) => externalEnds.get(domain),
  };
}

interface DomainTables {
  readonly lookupRecords: Map<IpAddress, LookupRecordEntry>;
  readonly peers: Set<ProviderAddress>;
  readonly routes: Routes<CustomerRouteEntry>;
}

type Routes<Route> = Readonly<Record<IpFamily, RoutesOfLength<Route>[]>>;

/** All routes with one prefix length, by network address; the longest length comes first. */
interface RoutesOfLength<Route> {
  readonly length: number;
  readonly byNetwork: Map<IpAddress, Route>;
}

function emptyDomain(): DomainTables {
  return { lookupRecords: new Map(), peers: new Set(), routes: { 4: [], 6: [] } };
}

function addRoute<Route extends { readonly destinationPrefix: Prefix }>(
  routes: RoutesOfLength<Route>[],
  route: Route,
): void {
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

function longestMatch<Route>(
  routes: readonly RoutesOfLength<Route>[],
  address: IpAddress,
): Route | undefined {
  for (const { length, byNetwork } of routes) {
    const route = byNetwork.get(maskAddress(address, length));
    if (route !== undefined) return route;
  }
  return undefined;
}

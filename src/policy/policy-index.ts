import type { ProviderAddress } from '../model/addresses.js';
import { externalAddressOf, type Connection } from '../model/connection.js';
import type { CustomerRoute } from '../model/customer-route.js';
import { isDistributedGateway, isRewritten, type LookupRecord } from '../model/lookup-record.js';
import type { Policy } from '../model/policy.js';
import type { RoutingDomain } from '../model/routing-domain.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { VirtualSubnet } from '../model/virtual-subnet.js';
import type { Vsid } from '../model/vsid.js';
import type { IpAddress } from '../net/ip.js';
import type { PolicyLimits } from './environment.js';

/**
 * What the rules that look over the edge of one routing domain need, kept up to date object by
 * object, so that a small change costs little however large the policy is.
 */
export interface PolicyIndex {
  /** The routing domains that have a subnet of that VSID, in the order in which they came by it. */
  readonly vsidOwners: ReadonlyMap<Vsid, ReadonlySet<RoutingDomainId>>;
  /** External address -> routing domains that use it, in the order in which they came -> by what. */
  readonly externalAddresses: ReadonlyMap<
    IpAddress,
    ReadonlyMap<RoutingDomainId, ReadonlySet<Connection>>
  >;
  /** Routing domains with routed connections -> how many. */
  readonly exporters: ReadonlyMap<RoutingDomainId, number>;
  /** PA -> records for whose address it stands (N13) -> their domain, in the order in which they came. */
  readonly rewritten: ReadonlyMap<ProviderAddress, ReadonlyMap<LookupRecord, RoutingDomainId>>;
  readonly domains: ReadonlyMap<RoutingDomainId, DomainIndex>;
  /** How many objects there are of each kind that has a limit. */
  readonly counts: Readonly<PolicyLimits>;
}

export interface DomainIndex {
  /** PA -> how many records of the domain name it; without the PAs that mark distributed gateways. */
  readonly peers: ReadonlyMap<ProviderAddress, number>;
  /** The same for each virtual subnet. */
  readonly hosts: ReadonlyMap<Vsid, ReadonlyMap<ProviderAddress, number>>;
  /** Next hop -> how many customer routes name it. */
  readonly nextHops: ReadonlyMap<IpAddress, number>;
  readonly distributedGateways: ReadonlyMap<Vsid, ReadonlySet<LookupRecord>>;
}

/** Adds an object to what the index counts, or takes it out again. */
export type Step = 1 | -1;

export interface IndexKeeper {
  readonly index: PolicyIndex;
  virtualSubnet(domain: RoutingDomainId, subnet: VirtualSubnet, step: Step): void;
  lookupRecord(domain: RoutingDomainId, record: LookupRecord, step: Step): void;
  customerRoute(domain: RoutingDomainId, route: CustomerRoute, step: Step): void;
  connection(domain: RoutingDomainId, connection: Connection, step: Step): void;
  /** A routing domain with all that it holds. */
  routingDomain(domain: RoutingDomain, step: Step): void;
}

/** An index of nothing yet. */
export function createIndex(): IndexKeeper {
  const vsidOwners = new Map<Vsid, Set<RoutingDomainId>>();
  const externalAddresses = new Map<IpAddress, Map<RoutingDomainId, Set<Connection>>>();
  const exporters = new Map<RoutingDomainId, number>();
  const rewritten = new Map<ProviderAddress, Map<LookupRecord, RoutingDomainId>>();
  const domains = new Map<RoutingDomainId, OpenDomainIndex>();
  const counts = { virtualSubnets: 0, lookupRecords: 0, customerRoutes: 0, providerPeers: 0 };

  function domainIndex(id: RoutingDomainId): OpenDomainIndex {
    return getOrMake(domains, id, () => ({
      peers: new Map(),
      hosts: new Map(),
      nextHops: new Map(),
      distributedGateways: new Map(),
    }));
  }

  const keeper: IndexKeeper = {
    index: { vsidOwners, externalAddresses, exporters, rewritten, domains, counts },

    virtualSubnet(domain, subnet, step) {
      counts.virtualSubnets += step;
      putMember(vsidOwners, subnet.vsid, domain, step);
    },

    lookupRecord(domain, record, step) {
      counts.lookupRecords += step;
      const own = domainIndex(domain);
      if (isDistributedGateway(record)) {
        putMember(own.distributedGateways, record.vsid, record, step);
        return;
      }
      if (isRewritten(record)) {
        const records = getOrMake(
          rewritten,
          record.providerAddress,
          () => new Map<LookupRecord, RoutingDomainId>(),
        );
        if (step === 1) records.set(record, domain);
        else records.delete(record);
        if (records.size === 0) rewritten.delete(record.providerAddress);
      }
      const before = own.peers.size;
      tally(own.peers, record.providerAddress, step);
      counts.providerPeers += own.peers.size - before;
      const hosts = getOrMake(own.hosts, record.vsid, () => new Map<ProviderAddress, number>());
      tally(hosts, record.providerAddress, step);
      if (hosts.size === 0) own.hosts.delete(record.vsid);
    },

    customerRoute(domain, route, step) {
      counts.customerRoutes += step;
      tally(domainIndex(domain).nextHops, route.nextHop, step);
    },

    connection(domain, connection, step) {
      if (connection.type === 'routed') tally(exporters, domain, step);
      const address = externalAddressOf(connection);
      if (address === undefined) return;
      const holders = getOrMake(
        externalAddresses,
        address,
        () => new Map<RoutingDomainId, Set<Connection>>(),
      );
      putMember(holders, domain, connection, step);
      if (holders.size === 0) externalAddresses.delete(address);
    },

    routingDomain(domain, step) {
      const id = domain.head.id;
      for (const subnet of domain.virtualSubnets.values()) keeper.virtualSubnet(id, subnet, step);
      for (const record of domain.lookupRecords.values()) keeper.lookupRecord(id, record, step);
      for (const route of domain.customerRoutes.values()) keeper.customerRoute(id, route, step);
      for (const connection of domain.connections.values()) keeper.connection(id, connection, step);
      if (step === -1) domains.delete(id);
    },
  };
  return keeper;
}

/** The index of a whole policy. */
export function indexPolicy(policy: Policy): PolicyIndex {
  const keeper = createIndex();
  for (const domain of policy.routingDomains.values()) keeper.routingDomain(domain, 1);
  return keeper.index;
}

interface OpenDomainIndex {
  readonly peers: Map<ProviderAddress, number>;
  readonly hosts: Map<Vsid, Map<ProviderAddress, number>>;
  readonly nextHops: Map<IpAddress, number>;
  readonly distributedGateways: Map<Vsid, Set<LookupRecord>>;
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function tally<Key>(counts: Map<Key, number>, key: Key, step: Step): void {
  const count = (counts.get(key) ?? 0) + step;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

function putMember<Key, Member>(
  sets: Map<Key, Set<Member>>,
  key: Key,
  member: Member,
  step: Step,
): void {
  const members = getOrMake(sets, key, () => new Set());
  if (step === 1) members.add(member);
  else members.delete(member);
  if (members.size === 0) sets.delete(key);
}

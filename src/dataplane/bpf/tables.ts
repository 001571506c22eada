import { CustomerAddress, ProviderAddress } from '../../model/addresses.js';
import type {
  CustomerRouteEntry,
  LookupRecordEntry,
  RouteTarget,
  VirtualSubnetEntry,
} from '../../model/forwarding-table.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { Vsid } from '../../model/vsid.js';
import { NvgateError } from '../../errors.js';
import type { Ipv4 } from '../../net/ip.js';
import type { MacAddress } from '../../net/mac.js';
import type { Prefix } from '../../net/prefix.js';
import type { TableEntry } from '../kernel-object.js';
import {
  customerRouteCodec,
  lookupRecordCodec,
  providerAddressCodec,
  providerPeerCodec,
  virtualSubnetCodec,
  type CustomerRouteValue,
  type DomainAddress,
  type DomainPrefix,
  type LookupRecordValue,
  type ProviderPeerKey,
  type VirtualSubnetValue,
} from './codecs.js';
import { typedMap } from './map.js';
import { createMulticastTables } from './multicast-tables.js';
import type { LoadedObject } from './object.js';

/** Whose an ifindex is, and the other way round; as the gateway's namespace is now. */
export interface DeviceIndex {
  /** ifindex of the gateway's end of the routing domain's vnet pair */
  domainIndex(domain: RoutingDomainId): number | undefined;
  domainOf(ifindex: number): RoutingDomainId | undefined;
  /** ifindex of an underlay device by its configured name */
  underlayIndex(name: string): number | undefined;
  underlayOf(ifindex: number): string | undefined;
}

/** The policy maps as table entries of the model. */
export interface Tables {
  /**
   * All entries of the routing domains that the filter takes, and the provider addresses. Entries
   * of routing domains whose device is gone are deleted on the way: nothing can reach them.
   */
  observe(wanted: (domain: RoutingDomainId) => boolean): TableEntry[];
  /** As `observe`, some thousands at a time: the maps may hold millions. */
  observePieces(wanted: (domain: RoutingDomainId) => boolean): Generator<TableEntry[]>;
  set(entry: TableEntry): void;
  /** Lookup records of one call in batches; the rest one by one. */
  setAll(entries: readonly TableEntry[]): void;
  delete(entry: TableEntry): void;
}

interface TableKeys {
  readonly records: DomainAddress[];
  readonly routes: DomainPrefix[];
  readonly peers: ProviderPeerKey[];
}

const NO_MAC = 0 as MacAddress;
const NO_ADDRESS = 0 as Ipv4;
const NO_LIMIT = 0;
const NO_NEIGHBOURS = 32;

export function createTables(maps: LoadedObject['maps'], index: DeviceIndex): Tables {
  const providerAddresses = typedMap(maps.provider_addresses, providerAddressCodec);
  const virtualSubnets = typedMap(maps.virtual_subnets, virtualSubnetCodec);
  const lookupRecords = typedMap(maps.lookup_records, lookupRecordCodec);
  const customerRoutes = typedMap(maps.customer_routes, customerRouteCodec);
  const providerPeers = typedMap(maps.provider_peers, providerPeerCodec);

  const multicast = createMulticastTables(maps, domainIndex, (ifindex) => index.domainOf(ifindex));

  function domainIndex(domain: RoutingDomainId): number {
    const found = index.domainIndex(domain);
    if (found === undefined)
      throw new NvgateError(
        'kernelOperationFailed',
        `Routing domain ${domain} has no vnet device in the kernel.`,
      );
    return found;
  }

  function subnetValue(entry: VirtualSubnetEntry): VirtualSubnetValue {
    const underlay = index.underlayIndex(entry.underlay);
    if (underlay === undefined)
      throw new NvgateError(
        'kernelOperationFailed',
        `Underlay device "${entry.underlay}" is not there.`,
      );
    return {
      routingDomain: domainIndex(entry.routingDomain),
      underlay,
      providerAddress: entry.providerAddress,
      sourceMac: entry.sourceMac,
      gatewayMac: entry.gatewayMac,
      onLinkLength: entry.onLinkLength ?? NO_NEIGHBOURS,
    };
  }

  function recordPair(entry: LookupRecordEntry): [DomainAddress, LookupRecordValue] {
    return [
      { routingDomain: domainIndex(entry.routingDomain), address: entry.customerAddress },
      {
        providerAddress: entry.providerAddress ?? NO_ADDRESS,
        macAddress: entry.macAddress,
        local: entry.local,
        onLink: entry.onLink,
        vsid: entry.vsid,
        maxLength: entry.maxLength ?? NO_LIMIT,
      },
    ];
  }

  function routeKey(entry: CustomerRouteEntry): DomainPrefix {
    return {
      routingDomain: domainIndex(entry.routingDomain),
      address: entry.destinationPrefix.address,
      prefixLength: entry.destinationPrefix.length,
    };
  }

  function set(object: TableEntry): void {
    switch (object.kind) {
      case 'providerAddress':
        providerAddresses.set(object.entry.address, true);
        return;
      case 'virtualSubnet':
        virtualSubnets.set(object.entry.vsid, subnetValue(object.entry));
        return;
      case 'lookupRecord':
        lookupRecords.set(...recordPair(object.entry));
        return;
      case 'customerRoute':
        customerRoutes.set(routeKey(object.entry), routeValue(object.entry.target));
        return;
      case 'providerPeer':
        providerPeers.set(
          {
            routingDomain: domainIndex(object.entry.routingDomain),
            providerAddress: object.entry.providerAddress,
          },
          true,
        );
        return;
      case 'multicastRoute':
      case 'providerGroup':
      case 'replication':
        multicast.set(object);
    }
  }

  function setAll(entries: readonly TableEntry[]): void {
    lookupRecords.setAll(
      entries.flatMap((object) =>
        object.kind === 'lookupRecord' ? [recordPair(object.entry)] : [],
      ),
    );
    for (const object of entries) if (object.kind !== 'lookupRecord') set(object);
  }

  function remove(object: TableEntry): void {
    switch (object.kind) {
      case 'providerAddress':
        providerAddresses.delete(object.entry.address);
        return;
      case 'virtualSubnet':
        virtualSubnets.delete(object.entry.vsid);
        return;
      case 'lookupRecord':
        withDomain(object.entry.routingDomain, (routingDomain) =>
          lookupRecords.delete({ routingDomain, address: object.entry.customerAddress }),
        );
        return;
      case 'customerRoute':
        withDomain(object.entry.routingDomain, () => customerRoutes.delete(routeKey(object.entry)));
        return;
      case 'providerPeer':
        withDomain(object.entry.routingDomain, (routingDomain) =>
          providerPeers.delete({
            routingDomain,
            providerAddress: object.entry.providerAddress,
          }),
        );
        return;
      case 'multicastRoute':
      case 'providerGroup':
      case 'replication':
        multicast.delete(object);
    }
  }

  /** Without its device a routing domain has no entries that could be named. */
  function withDomain(domain: RoutingDomainId, act: (ifindex: number) => void): void {
    const found = index.domainIndex(domain);
    if (found !== undefined) act(found);
  }

  function* observePieces(wanted: (domain: RoutingDomainId) => boolean): Generator<TableEntry[]> {
    let found: TableEntry[] = [];
    const stale: TableKeys = { records: [], routes: [], peers: [] };
    const taken = (): TableEntry[] => {
      const piece = found;
      found = [];
      return piece;
    };

    for (const [address] of providerAddresses.entries())
      found.push({ kind: 'providerAddress', entry: { address: ProviderAddress(address) } });

    for (const [vsid, value] of virtualSubnets.entries()) {
      const routingDomain = index.domainOf(value.routingDomain);
      const underlay = index.underlayOf(value.underlay);
      if (routingDomain === undefined || underlay === undefined) virtualSubnets.delete(vsid);
      else if (wanted(routingDomain))
        found.push({
          kind: 'virtualSubnet',
          entry: {
            vsid: vsid as Vsid,
            routingDomain,
            providerAddress: ProviderAddress(value.providerAddress),
            underlay,
            sourceMac: value.sourceMac,
            gatewayMac: value.gatewayMac,
            ...(value.onLinkLength === NO_NEIGHBOURS ? {} : { onLinkLength: value.onLinkLength }),
          },
        });
    }

    for (const piece of lookupRecords.pieces()) {
      for (const [key, value] of piece) {
        const routingDomain = index.domainOf(key.routingDomain);
        if (routingDomain === undefined) stale.records.push(key);
        else if (wanted(routingDomain))
          found.push({
            kind: 'lookupRecord',
            entry: {
              routingDomain,
              customerAddress: CustomerAddress(key.address),
              vsid: value.vsid as Vsid,
              macAddress: value.macAddress,
              providerAddress: value.local ? undefined : ProviderAddress(value.providerAddress),
              local: value.local,
              onLink: value.onLink,
              ...(value.maxLength === NO_LIMIT ? {} : { maxLength: value.maxLength }),
            },
          });
      }
      yield taken();
    }

    for (const piece of customerRoutes.pieces()) {
      for (const [key, value] of piece) {
        const routingDomain = index.domainOf(key.routingDomain);
        if (routingDomain === undefined) stale.routes.push(key);
        else if (wanted(routingDomain))
          found.push({
            kind: 'customerRoute',
            entry: {
              routingDomain,
              destinationPrefix: prefixOf(key),
              target: routeTarget(value),
            },
          });
      }
      yield taken();
    }

    for (const piece of providerPeers.pieces()) {
      for (const [key] of piece) {
        const routingDomain = index.domainOf(key.routingDomain);
        if (routingDomain === undefined) stale.peers.push(key);
        else if (wanted(routingDomain))
          found.push({
            kind: 'providerPeer',
            entry: { routingDomain, providerAddress: ProviderAddress(key.providerAddress) },
          });
      }
      yield taken();
    }

    for (const entry of multicast.observe(wanted)) found.push(entry);
    yield taken();

    // Not on the way: the trie is read on from a key, which must be there.
    for (const key of stale.records) lookupRecords.delete(key);
    for (const key of stale.routes) customerRoutes.delete(key);
    for (const key of stale.peers) providerPeers.delete(key);
  }

  const observe: Tables['observe'] = (wanted) => [...observePieces(wanted)].flat();

  return { observe, observePieces, set, setAll, delete: remove };
}

function prefixOf(key: DomainPrefix): Prefix {
  return { address: key.address, length: key.prefixLength };
}

function routeValue(target: RouteTarget): CustomerRouteValue {
  const { kind, vsid } = target;
  switch (target.kind) {
    case 'onLink':
      return {
        kind,
        vsid,
        macAddress: target.wildcard?.macAddress ?? NO_MAC,
        providerAddress: target.wildcard?.providerAddress ?? NO_ADDRESS,
      };
    case 'router':
      return { kind, vsid, ...target.router };
    case 'multicast':
      return { kind, vsid, macAddress: NO_MAC, providerAddress: NO_ADDRESS };
  }
}

function routeTarget(value: CustomerRouteValue): RouteTarget {
  const vsid = value.vsid as Vsid;
  const tunnel = {
    macAddress: value.macAddress,
    providerAddress: ProviderAddress(value.providerAddress),
  };
  switch (value.kind) {
    case 'onLink':
      return value.providerAddress === 0
        ? { kind: 'onLink', vsid }
        : { kind: 'onLink', vsid, wildcard: tunnel };
    case 'router':
      return { kind: 'router', vsid, router: tunnel };
    case 'multicast':
      return { kind: 'multicast', vsid };
  }
}

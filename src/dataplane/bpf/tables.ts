import { CustomerAddress, ProviderAddress } from '../../model/addresses.js';
import type {
  CustomerRouteEntry,
  ExternalEndEntry,
  LookupRecordEntry,
  ShortWay,
  VirtualSubnetEntry,
} from '../../model/forwarding-table.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { Vsid } from '../../model/vsid.js';
import { NvgateError } from '../../errors.js';
import type { Ipv4 } from '../../net/ip.js';
import type { Prefix } from '../../net/prefix.js';
import type { TableEntry } from '../kernel-object.js';
import {
  customerRouteCodec,
  externalEndCodec,
  lookupRecordCodec,
  providerAddressCodec,
  providerPeerCodec,
  virtualSubnetCodec,
  type DomainAddress,
  type DomainPrefix,
  type ExternalEndValue,
  type LookupRecordValue,
  type ProviderPeerKey,
  type VirtualSubnetValue,
} from './codecs.js';
import { typedMap } from './map.js';
import { createMulticastTables } from './multicast-tables.js';
import type { LoadedObject } from './object.js';
import { routeTarget, routeValue } from './route-value.js';
import { createRewriteTable } from './rewrite-table.js';

/** Whose an ifindex is, and the other way round; as the gateway's namespace is now. */
export interface DeviceIndex {
  /** ifindex of the gateway's end of the routing domain's vnet pair */
  domainIndex(domain: RoutingDomainId): number | undefined;
  domainOf(ifindex: number): RoutingDomainId | undefined;
  /** ifindex of the gateway's end of the routing domain's ext pair */
  externalIndex(domain: RoutingDomainId): number | undefined;
  externalOf(ifindex: number): RoutingDomainId | undefined;
  /** ifindex of an underlay or external device by its configured name */
  configuredIndex(name: string): number | undefined;
  configuredOf(ifindex: number): string | undefined;
}

/** The policy maps as table entries of the model. */
export interface Tables {
  /**
   * All entries of the routing domains that the filter takes, and those of the gateway itself. Entries
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

const NO_ADDRESS = 0 as Ipv4;
const NO_LIMIT = 0;
const NO_NEIGHBOURS = 32;
const NAMESPACE_NEEDED = 0;
const NO_SHORT_WAY = { externalPeer: 0, external: 0, maxLength: 0 } as const;

export function createTables(maps: LoadedObject['maps'], index: DeviceIndex): Tables {
  const providerAddresses = typedMap(maps.provider_addresses, providerAddressCodec);
  const virtualSubnets = typedMap(maps.virtual_subnets, virtualSubnetCodec);
  const lookupRecords = typedMap(maps.lookup_records, lookupRecordCodec);
  const customerRoutes = typedMap(maps.customer_routes, customerRouteCodec);
  const providerPeers = typedMap(maps.provider_peers, providerPeerCodec);
  const externalEnds = typedMap(maps.external_ends, externalEndCodec);

  const rewrites = createRewriteTable(maps.rewrites, domainIndex, (ifindex) =>
    index.domainOf(ifindex),
  );
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

  function configuredIndex(name: string): number {
    const found = index.configuredIndex(name);
    if (found === undefined)
      throw new NvgateError('kernelOperationFailed', `Device "${name}" is not there.`);
    return found;
  }

  function externalIndex(domain: RoutingDomainId): number {
    const found = index.externalIndex(domain);
    if (found === undefined)
      throw new NvgateError(
        'kernelOperationFailed',
        `Routing domain ${domain} has no ext device in the kernel.`,
      );
    return found;
  }

  /** Without the devices there is no short way: a virtual subnet serves without one. */
  function shortWayValue({
    routingDomain,
    shortWay,
  }: VirtualSubnetEntry): Pick<VirtualSubnetValue, keyof typeof NO_SHORT_WAY> {
    const externalPeer = index.externalIndex(routingDomain);
    const external = shortWay === undefined ? undefined : index.configuredIndex(shortWay.external);
    if (shortWay === undefined || externalPeer === undefined || external === undefined)
      return NO_SHORT_WAY;
    return { externalPeer, external, maxLength: shortWay.maxLength };
  }

  function shortWayOf(value: VirtualSubnetValue): { readonly shortWay?: ShortWay } {
    const external = index.configuredOf(value.external);
    const domain = index.externalOf(value.externalPeer);
    return external === undefined || domain !== index.domainOf(value.routingDomain)
      ? {}
      : { shortWay: { external, maxLength: value.maxLength } };
  }

  function subnetValue(entry: VirtualSubnetEntry): VirtualSubnetValue {
    return {
      routingDomain: domainIndex(entry.routingDomain),
      underlay: configuredIndex(entry.underlay),
      providerAddress: entry.providerAddress,
      sourceMac: entry.sourceMac,
      gatewayMac: entry.gatewayMac,
      onLinkLength: entry.onLinkLength ?? NO_NEIGHBOURS,
      ...shortWayValue(entry),
    };
  }

  function endValue({ routingDomain, external, past }: ExternalEndEntry): ExternalEndValue {
    return {
      routingDomain: past === 'both' ? domainIndex(routingDomain) : NAMESPACE_NEEDED,
      external: configuredIndex(external),
    };
  }

  /** Undefined where a device is gone, or another one has its number. */
  function endOf(ifindex: number, value: ExternalEndValue): ExternalEndEntry | undefined {
    const routingDomain = index.externalOf(ifindex);
    const external = index.configuredOf(value.external);
    if (routingDomain === undefined || external === undefined) return undefined;
    if (value.routingDomain === NAMESPACE_NEEDED)
      return { routingDomain, external, past: 'gateway' };
    return index.domainOf(value.routingDomain) === routingDomain
      ? { routingDomain, external, past: 'both' }
      : undefined;
  }

  function recordPair(entry: LookupRecordEntry): [DomainAddress, LookupRecordValue] {
    return [
      { routingDomain: domainIndex(entry.routingDomain), address: entry.customerAddress },
      {
        providerAddress: entry.providerAddress ?? NO_ADDRESS,
        macAddress: entry.macAddress,
        local: entry.local,
        onLink: entry.onLink,
        nat: entry.nat === true,
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
      case 'externalEnd':
        externalEnds.set(externalIndex(object.entry.routingDomain), endValue(object.entry));
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
      case 'rewrite':
        rewrites.set(object.entry);
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
      case 'externalEnd': {
        const found = index.externalIndex(object.entry.routingDomain);
        if (found !== undefined) externalEnds.delete(found);
        return;
      }
      case 'providerPeer':
        withDomain(object.entry.routingDomain, (routingDomain) =>
          providerPeers.delete({
            routingDomain,
            providerAddress: object.entry.providerAddress,
          }),
        );
        return;
      case 'rewrite':
        rewrites.delete(object.entry);
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
      const underlay = index.configuredOf(value.underlay);
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
            ...shortWayOf(value),
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
              providerAddress:
                value.local && !value.nat ? undefined : ProviderAddress(value.providerAddress),
              local: value.local,
              onLink: value.onLink,
              ...(value.maxLength === NO_LIMIT ? {} : { maxLength: value.maxLength }),
              ...(value.nat && { nat: true }),
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

    for (const [ifindex, value] of externalEnds.entries()) {
      const entry = endOf(ifindex, value);
      if (entry === undefined) externalEnds.delete(ifindex);
      else if (wanted(entry.routingDomain)) found.push({ kind: 'externalEnd', entry });
    }
    yield taken();

    for (const piece of rewrites.observePieces(wanted)) yield piece;
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

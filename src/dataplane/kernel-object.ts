import type { PolicyRef } from '../model/policy-ref.js';
import type {
  CustomerRouteEntry,
  ExternalEndEntry,
  LookupRecordEntry,
  MulticastRouteEntry,
  ProviderAddressEntry,
  ProviderGroupEntry,
  ProviderPeerEntry,
  ReplicationEntry,
  ShortWay,
  RewriteEntry,
  VirtualSubnetEntry,
} from '../model/forwarding-table.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { formatIp, ipKey, type IpAddress, type IpFamily } from '../net/ip.js';
import { formatPrefix, type Prefix } from '../net/prefix.js';

/** Where an object lives: the gateway's own namespace, or that of a routing domain. */
export type Place = 'gateway' | RoutingDomainId;

/** Device of a routing domain: `vnet` leads to its virtual network, `ext` to the external side. */
export type DomainDevice = 'vnet' | 'ext';

/**
 * A device as the desired state names it: in a routing domain `vnet` or `ext`; in the gateway's
 * namespace a configured device, or the far end of a routing domain's pair.
 */
export type Device =
  | { readonly kind: 'domain'; readonly device: DomainDevice }
  | { readonly kind: 'configured'; readonly name: string }
  | { readonly kind: 'peer'; readonly domain: RoutingDomainId; readonly device: DomainDevice }
  /** In a routing domain, by its Linux name: leads into the tunnel of a remote connection. */
  | { readonly kind: 'tunnel'; readonly name: string };

export interface Namespace {
  readonly kind: 'namespace';
  readonly domain: RoutingDomainId;
  /** Observed only: there, but half made (by a process that died); a `change` mends it. */
  readonly usable?: false;
}

/** A veth pair: `device` in the routing domain's namespace, its peer in the gateway's. Both up. */
export interface Link {
  readonly kind: 'link';
  readonly domain: RoutingDomainId;
  readonly device: DomainDevice;
  readonly mtu: number;
}

/** An XFRM interface in the routing domain's namespace: one remote connection by kernel IPsec. Up. */
export interface TunnelLink {
  readonly kind: 'tunnelLink';
  readonly domain: RoutingDomainId;
  readonly name: string;
  /** Ties the SAs and policies of the connection to the device; 1..2^32-1. */
  readonly interfaceId: number;
  readonly mtu: number;
}

export interface Sysctl {
  readonly kind: 'sysctl';
  readonly place: Place;
  /** Below /proc/sys, `{device}` standing for the device’s name: `net/ipv4/conf/{device}/forwarding`. */
  readonly name: string;
  readonly device?: Device;
  readonly value: string;
}

/** A PA multicast group is an address as well: the device is a member while it has it (N10). */
export interface Address {
  readonly kind: 'address';
  readonly place: Place;
  readonly device: Device;
  readonly address: IpAddress;
  readonly prefixLength: number;
}

export interface Route {
  readonly kind: 'route';
  readonly place: Place;
  /** Absent: the main table. `external`: only for what a `RoutingRule` sends there. */
  readonly table?: 'external';
  readonly destinationPrefix: Prefix;
  readonly metric: number;
  readonly target:
    | { readonly device: Device; readonly source?: IpAddress; readonly mtu?: number }
    | { readonly via: IpAddress }
    | 'unreachable'
    /** Back to the main table, as if this one had no route. */
    | 'throw';
}

/**
 * What the routing domain itself sends, of this kind, goes by the table `external` before the main
 * one: its VPN daemons reach their peers, whatever the policy routes into a tunnel.
 */
export interface RoutingRule {
  readonly kind: 'rule';
  readonly domain: RoutingDomainId;
  readonly packets:
    | { readonly source: IpAddress }
    /** TCP from anywhere, or questions to name servers. */
    | { readonly service: 'tcp' | 'dns'; readonly family: IpFamily };
}

/** An address that the gateway answers ARP for on a device without owning it. */
export interface ProxyNeighbour {
  readonly kind: 'proxyNeighbour';
  readonly device: Device;
  readonly address: IpAddress;
}

/** The whole of our nft table in one place, in the words `nft -s -t list table` would print. */
export interface Firewall {
  readonly kind: 'firewall';
  readonly place: Place;
  readonly ruleset: string;
}

/** One of our BPF programs on the ingress of a device in the gateway's namespace. */
export interface Filter {
  readonly kind: 'filter';
  readonly device: Device;
  readonly program: 'decap' | 'encap' | 'inbound' | 'outbound';
}

export type TableEntry =
  | { readonly kind: 'providerAddress'; readonly entry: ProviderAddressEntry }
  | { readonly kind: 'virtualSubnet'; readonly entry: VirtualSubnetEntry }
  | { readonly kind: 'lookupRecord'; readonly entry: LookupRecordEntry }
  | { readonly kind: 'customerRoute'; readonly entry: CustomerRouteEntry }
  | { readonly kind: 'providerPeer'; readonly entry: ProviderPeerEntry }
  | { readonly kind: 'externalEnd'; readonly entry: ExternalEndEntry }
  | { readonly kind: 'rewrite'; readonly entry: RewriteEntry }
  | MulticastTableEntry;

/** How broadcast and multicast travels (N10). */
export type MulticastTableEntry =
  | { readonly kind: 'providerGroup'; readonly entry: ProviderGroupEntry }
  | { readonly kind: 'multicastRoute'; readonly entry: MulticastRouteEntry }
  | { readonly kind: 'replication'; readonly entry: ReplicationEntry };

/** Everything that nvgate may own in the kernel. */
export type KernelObject = (
  | Namespace
  | Link
  | TunnelLink
  | Sysctl
  | Address
  | Route
  | RoutingRule
  | ProxyNeighbour
  | Firewall
  | Filter
  | TableEntry
) & {
  /** The policy object that wants it; what cannot be made is reported there. */
  readonly owner?: PolicyRef;
  /**
   * Observed only: not made by nvgate (an address that the operator has set) or always there (a
   * sysctl). It serves where the policy wants it, and is never removed.
   */
  readonly foreign?: true;
};

export type KernelObjectKind = KernelObject['kind'];

/**
 * The part of a `Scope` that an object belongs to: the routing domain, wherever it names one (also
 * by a device in the gateway's namespace that is the far end of the domain's pair), else the
 * gateway's own part. Policy decides nothing here, so that observed and desired objects agree.
 */
export function partOf(object: KernelObject): Place {
  switch (object.kind) {
    case 'namespace':
    case 'link':
    case 'tunnelLink':
    case 'rule':
      return object.domain;
    case 'sysctl':
    case 'address':
      return object.place === 'gateway' ? partOfDevice(object.device) : object.place;
    case 'route': {
      if (object.place !== 'gateway') return object.place;
      const target = object.target;
      return typeof target === 'object' && 'device' in target
        ? partOfDevice(target.device)
        : 'gateway';
    }
    case 'firewall':
      return object.place;
    case 'proxyNeighbour':
    case 'filter':
      return partOfDevice(object.device);
    case 'providerAddress':
      return 'gateway';
    case 'virtualSubnet':
    case 'lookupRecord':
    case 'customerRoute':
    case 'providerPeer':
    case 'rewrite':
    case 'providerGroup':
    case 'multicastRoute':
    case 'replication':
    case 'externalEnd':
      return object.entry.routingDomain;
  }
}

function partOfDevice(device: Device | undefined): Place {
  return device?.kind === 'peer' ? device.domain : 'gateway';
}

/** Entries of the policy maps, as opposed to objects of the network stack. */
export function isTableEntry(object: KernelObject): object is TableEntry & KernelObject {
  switch (object.kind) {
    case 'providerAddress':
    case 'virtualSubnet':
    case 'lookupRecord':
    case 'customerRoute':
    case 'providerPeer':
    case 'externalEnd':
    case 'rewrite':
    case 'providerGroup':
    case 'multicastRoute':
    case 'replication':
      return true;
    case 'namespace':
    case 'link':
    case 'tunnelLink':
    case 'sysctl':
    case 'address':
    case 'route':
    case 'rule':
    case 'proxyNeighbour':
    case 'firewall':
    case 'filter':
      return false;
  }
}

/** Two objects with one key are the same object in (perhaps) different states. */
export function objectKey(object: KernelObject): string {
  switch (object.kind) {
    case 'namespace':
      return `namespace ${object.domain}`;
    case 'link':
      return `link ${object.domain} ${object.device}`;
    case 'tunnelLink':
      return `tunnelLink ${object.domain} ${object.name}`;
    case 'sysctl':
      return `sysctl ${object.place} ${object.name} ${object.device === undefined ? '' : deviceText(object.device)}`;
    case 'address':
      return `address ${object.place} ${deviceText(object.device)} ${formatIp(object.address)}`;
    case 'route':
      return `route ${object.place}${object.table === undefined ? '' : ` ${object.table}`} ${formatPrefix(object.destinationPrefix)} ${object.metric}`;
    case 'rule':
      return `rule ${object.domain} ${rulePacketsText(object.packets)}`;
    case 'proxyNeighbour':
      return `proxyNeighbour ${deviceText(object.device)} ${formatIp(object.address)}`;
    case 'firewall':
      return `firewall ${object.place}`;
    case 'filter':
      return `filter ${deviceText(object.device)} ${object.program}`;
    case 'providerAddress':
      return `providerAddress ${object.entry.address}`;
    case 'virtualSubnet':
      return `virtualSubnet ${object.entry.vsid}`;
    case 'lookupRecord':
      return `lookupRecord ${object.entry.routingDomain} ${ipKey(object.entry.customerAddress)}`;
    case 'customerRoute':
      return `customerRoute ${object.entry.routingDomain} ${formatPrefix(object.entry.destinationPrefix)}`;
    case 'providerPeer':
      return `providerPeer ${object.entry.routingDomain} ${object.entry.providerAddress}`;
    case 'externalEnd':
      return `externalEnd ${object.entry.routingDomain}`;
    case 'rewrite':
      return `rewrite ${object.entry.providerAddress}`;
    case 'providerGroup':
      return `providerGroup ${object.entry.vsid} ${object.entry.group}`;
    case 'multicastRoute':
      return `multicastRoute ${object.entry.vsid} ${formatPrefix(object.entry.destinationPrefix)}`;
    case 'replication':
      return `replication ${object.entry.vsid}`;
  }
}

/** What may differ between two objects of one key, as comparable text. */
export function objectValue(object: KernelObject): string {
  switch (object.kind) {
    case 'namespace':
      return object.usable === false ? 'half made' : '';
    case 'rule':
    case 'proxyNeighbour':
    case 'filter':
    case 'providerAddress':
    case 'providerPeer':
      return '';
    case 'externalEnd':
      return `${object.entry.external} ${object.entry.past}`;
    case 'link':
      return `mtu ${object.mtu}`;
    case 'tunnelLink':
      return `interfaceId ${object.interfaceId} mtu ${object.mtu}`;
    case 'sysctl':
      return object.value;
    case 'address':
      return `/${object.prefixLength}`;
    case 'route':
      return targetText(object.target);
    case 'firewall':
      return object.ruleset;
    case 'virtualSubnet': {
      const entry = object.entry;
      return `${entry.routingDomain} ${entry.providerAddress} ${entry.underlay} ${entry.sourceMac} ${entry.gatewayMac} ${entry.onLinkLength ?? ''}${shortWayText(entry.shortWay)}`;
    }
    case 'lookupRecord': {
      const entry = object.entry;
      return `${entry.vsid} ${entry.macAddress} ${entry.local ? 'local ' : ''}${entry.providerAddress ?? ''} ${entry.onLink} ${entry.maxLength ?? ''}${entry.nat === true ? ' nat' : ''}`;
    }
    case 'customerRoute': {
      const target = object.entry.target;
      switch (target.kind) {
        case 'onLink':
          return `onLink ${target.vsid} ${target.wildcard === undefined ? '' : `${target.wildcard.macAddress} ${target.wildcard.providerAddress}`}`;
        case 'router':
          return `router ${target.vsid} ${target.router.macAddress} ${target.router.providerAddress}`;
        case 'multicast':
          return `multicast ${target.vsid}`;
        case 'external':
          return 'external';
      }
    }
    case 'rewrite': {
      const { routingDomain, customerAddress, vsid, local } = object.entry;
      return `${routingDomain} ${formatIp(customerAddress)} ${vsid} ${local}`;
    }
    case 'providerGroup':
      return object.entry.routingDomain;
    case 'multicastRoute':
      return `${object.entry.routingDomain} ${object.entry.group ?? 'copies'}`;
    case 'replication': {
      const { routingDomain, packetsPerSecond, leftOut, providerAddresses } = object.entry;
      return `${routingDomain} ${packetsPerSecond} ${leftOut} ${providerAddresses.join(' ')}`;
    }
  }
}

function shortWayText(way: ShortWay | undefined): string {
  return way === undefined ? '' : ` ${way.external} ${way.maxLength}`;
}

export function deviceText(device: Device): string {
  switch (device.kind) {
    case 'domain':
      return device.device;
    case 'configured':
      return device.name;
    case 'peer':
      return `${device.domain}:${device.device}`;
    case 'tunnel':
      return device.name;
  }
}

function rulePacketsText(packets: RoutingRule['packets']): string {
  return 'source' in packets
    ? `from ${formatIp(packets.source)}`
    : `${packets.service} IPv${packets.family}`;
}

function targetText(target: Route['target']): string {
  if (typeof target === 'string') return target;
  if ('via' in target) return `via ${formatIp(target.via)}`;
  const source = target.source === undefined ? '' : ` src ${formatIp(target.source)}`;
  const mtu = target.mtu === undefined ? '' : ` mtu ${target.mtu}`;
  return `dev ${deviceText(target.device)}${source}${mtu}`;
}

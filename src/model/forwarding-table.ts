import type { IpAddress } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import type { Prefix } from '../net/prefix.js';
import type { CustomerAddress, ProviderAddress } from './addresses.js';
import type { RoutingDomainId } from './routing-domain-id.js';
import type { Vsid } from './vsid.js';

/**
 * The policy as the packet path reads it: one entry type per BPF map, the same nouns. Compiled
 * from the policy by `dataplane/compile`, read by the BPF programs and by `forwarding` alike.
 */
export interface VirtualSubnetEntry {
  readonly vsid: Vsid;
  readonly routingDomain: RoutingDomainId;
  /** The gateway's PA for this routing domain: outer source of what it sends. */
  readonly providerAddress: ProviderAddress;
  /** Underlay device, by its name in the configuration. */
  readonly underlay: string;
  /** Inner source MAC of what the gateway sends into the subnet. */
  readonly sourceMac: MacAddress;
  /** MAC of the subnet's gateway address; hosts that route for the subnet send with it too. */
  readonly gatewayMac: MacAddress;
  /**
   * Provider addresses that have as many first bits in common with `providerAddress` are neighbours
   * on the underlay device: packets to them need no route. Absent where the routes say more.
   */
  readonly onLinkLength?: number;
  /** Absent where every packet of the routing domain between here and the physical network is the kernel's. */
  readonly shortWay?: ShortWay;
}

/** The way between a routing domain and the physical network past the kernel. */
export interface ShortWay {
  /** External device, by its name in the configuration. */
  readonly external: string;
  /** Bytes of the longest inner packet that comes by it. */
  readonly maxLength: number;
}

/** An exact customer address: remote VM, or one of the gateway's own addresses (`local`). */
export interface LookupRecordEntry {
  readonly routingDomain: RoutingDomainId;
  readonly customerAddress: CustomerAddress;
  readonly vsid: Vsid;
  readonly macAddress: MacAddress;
  /** Undefined when `local`, unless it is `nat` as well. */
  readonly providerAddress: ProviderAddress | undefined;
  /** The gateway answers for this address itself. */
  readonly local: boolean;
  /**
   * The longest customer route for the address is on link in the record's own subnet, so the
   * packet path may use the record without looking at the routes.
   */
  readonly onLink: boolean;
  /**
   * Bytes of the longest inner packet that the way to the provider address is known to carry, where
   * that is less than the underlay devices do (N9): the packet path sends no longer one there in
   * place. The routing domain's kernel answers its sender instead.
   */
  readonly maxLength?: number;
  /** The provider address stands for this customer address alone (N13). IPv4 only. */
  readonly nat?: true;
}

/** A PA that stands for one CA, as a record of rule `nat` says (N13). */
export interface RewriteEntry {
  readonly providerAddress: ProviderAddress;
  readonly routingDomain: RoutingDomainId;
  /** IPv4. */
  readonly customerAddress: CustomerAddress;
  readonly vsid: Vsid;
  /** Both are the gateway's own. */
  readonly local: boolean;
}

/** What a destination leads to when no on-link record answers first. */
export interface CustomerRouteEntry {
  readonly routingDomain: RoutingDomainId;
  readonly destinationPrefix: Prefix;
  readonly target: RouteTarget | ExternalTarget;
}

/** Out of the virtual network by `ext`; only where the routing domain has the short way. */
export interface ExternalTarget {
  readonly kind: 'external';
}

export type RouteTarget =
  /** On link: the record decides; without one the subnet's wildcard, if it has one. */
  | { readonly kind: 'onLink'; readonly vsid: Vsid; readonly wildcard?: TunnelTarget }
  /** Through a router VM (N15), its record already looked up. */
  | { readonly kind: 'router'; readonly vsid: Vsid; readonly router: TunnelTarget }
  /** Broadcast and multicast of the subnet (N10); `MulticastRouteEntry` says how it is carried. */
  | { readonly kind: 'multicast'; readonly vsid: Vsid };

export interface TunnelTarget {
  readonly macAddress: MacAddress;
  readonly providerAddress: ProviderAddress;
}

/** A PA from which a routing domain takes packets (N12). */
export interface ProviderPeerEntry {
  readonly routingDomain: RoutingDomainId;
  readonly providerAddress: ProviderAddress;
}

/** The gateway's end of a routing domain's `ext` pair, where packets may go past the kernel. */
export interface ExternalEndEntry {
  readonly routingDomain: RoutingDomainId;
  /** External device, by its name in the configuration. */
  readonly external: string;
  /**
   * Past whose kernel: that of the gateway's namespace alone, or of the routing domain's too, which
   * then has the short way.
   */
  readonly past: 'gateway' | 'both';
}

/** How broadcast and multicast for a destination reaches a subnet's hosts (N10). */
export interface MulticastRouteEntry {
  readonly routingDomain: RoutingDomainId;
  readonly vsid: Vsid;
  readonly destinationPrefix: Prefix;
  /** Undefined: each host gets a packet of its own. */
  readonly group: ProviderAddress | undefined;
}

/** So many hosts get a copy of one packet at most. */
export const REPLICATION_MAX = 64;

/** The hosts of a virtual subnet: each gets a copy of what no PA multicast group carries (N10). */
export interface ReplicationEntry {
  readonly routingDomain: RoutingDomainId;
  readonly vsid: Vsid;
  /** In ascending order, at most `REPLICATION_MAX`. */
  readonly providerAddresses: readonly ProviderAddress[];
  /** Hosts beyond those. */
  readonly leftOut: number;
  /** Broadcast and multicast packets that may leave for the subnet, before they are copied. */
  readonly packetsPerSecond: number;
}

/** A PA multicast group in which NVGRE of a virtual subnet may come (N10). */
export interface ProviderGroupEntry {
  readonly routingDomain: RoutingDomainId;
  readonly vsid: Vsid;
  readonly group: ProviderAddress;
}

/** One of the gateway's own PAs. */
export interface ProviderAddressEntry {
  readonly address: ProviderAddress;
}

/** The tables as the forwarding decision reads them. Lookups only: how they are kept is not its business. */
export interface ForwardingTables {
  isProviderAddress(address: IpAddress): boolean;
  virtualSubnet(vsid: number): VirtualSubnetEntry | undefined;
  lookupRecord(domain: RoutingDomainId, address: IpAddress): LookupRecordEntry | undefined;
  /** Longest prefix match. */
  customerRoute(domain: RoutingDomainId, address: IpAddress): CustomerRouteEntry | undefined;
  isProviderPeer(domain: RoutingDomainId, address: ProviderAddress): boolean;
  rewrite(providerAddress: IpAddress): RewriteEntry | undefined;
  isProviderGroup(vsid: number, address: IpAddress): boolean;
  /** Longest prefix match within the virtual subnet. */
  multicastRoute(vsid: number, address: IpAddress): MulticastRouteEntry | undefined;
  replication(vsid: number): ReplicationEntry | undefined;
  externalEnd(domain: RoutingDomainId): ExternalEndEntry | undefined;
}

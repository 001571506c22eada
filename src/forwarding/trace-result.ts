import type { CustomerAddress, ProviderAddress } from '../model/addresses.js';
import type { Connection, ConnectionRoute, TransportProtocol } from '../model/connection.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { Vsid } from '../model/vsid.js';
import type { MacAddress } from '../net/mac.js';
import type { NextHop } from './route.js';
import type { RouteChoice } from './route-choice.js';
import type { DropReason } from './verdict.js';

/** The packet to explain (P5): sent by `from` in the virtual subnet `vsid`. */
export interface TraceQuery {
  readonly vsid: Vsid;
  readonly from: CustomerAddress;
  /** Of the same family as `from`. */
  readonly to: CustomerAddress;
  readonly protocol?: TransportProtocol;
  /** Destination port, 1..65535. */
  readonly port?: number;
}

/** What would become of the packet, and why (Select-NetVirtualizationNextHop, and beyond). */
export interface TraceResult {
  readonly query: TraceQuery;
  /** Undefined where the policy has no such virtual subnet. */
  readonly routingDomain: RoutingDomainId | undefined;
  /** Where the source lives; undefined where the packet is dropped before or for that. */
  readonly source: NextHop | undefined;
  /** The route that the routing domain takes; undefined where no route is asked for. */
  readonly route: RouteChoice | undefined;
  readonly outcome: TraceOutcome;
  /** Every decision, in the order in which they are made. */
  readonly steps: readonly TraceStep[];
}

export type TraceOutcome =
  GatewayOutcome | TunnelOutcome | MulticastOutcome | ConnectionOutcome | DropOutcome;

/** The destination is an address of the gateway itself. */
export interface GatewayOutcome {
  readonly kind: 'gateway';
  /** `restored` where the packet comes without NVGRE (N13). */
  readonly verdict: 'decapsulated' | 'restored';
  readonly vsid: Vsid;
  readonly macAddress: MacAddress;
  readonly sentence: string;
}

/** To a host of the virtual network, in NVGRE or rewritten (N13). */
export interface TunnelOutcome {
  readonly kind: 'tunnel';
  /**
   * `hairpinned` and `rewritten` without, `encapsulated` with a way through the routing domain.
   * Rewritten, a packet has the two PAs as its addresses and no VSID and inner Ethernet header.
   */
  readonly verdict: 'hairpinned' | 'rewritten' | 'encapsulated';
  /** What decided: the destination's record, a router VM's record, or the subnet's wildcard. */
  readonly by: NextHop['by'];
  /** VSID in the GRE key. */
  readonly vsid: Vsid;
  readonly sourceProviderAddress: ProviderAddress;
  readonly providerAddress: ProviderAddress;
  /** Inner Ethernet addresses. */
  readonly sourceMac: MacAddress;
  readonly destinationMac: MacAddress;
  /** Underlay device, by its name in the configuration. */
  readonly underlay: string;
  /** Bytes of outer packet that the way there carries, where a router has said so (N9). */
  readonly pathMtu?: number;
  readonly sentence: string;
}

/** To all of a virtual subnet, in NVGRE: what the gateway itself sends there (N10). */
export interface MulticastOutcome {
  readonly kind: 'multicast';
  readonly verdict: 'groupEncapsulated' | 'copyEncapsulated';
  readonly vsid: Vsid;
  readonly sourceProviderAddress: ProviderAddress;
  /** The PA multicast group, or every host. */
  readonly providerAddresses: readonly ProviderAddress[];
  /** Hosts that get nothing. */
  readonly leftOut: number;
  /** Inner Ethernet addresses. */
  readonly sourceMac: MacAddress;
  readonly destinationMac: MacAddress;
  /** Underlay device, by its name in the configuration. */
  readonly underlay: string;
  readonly sentence: string;
}

/** Out of the virtual network. */
export interface ConnectionOutcome {
  readonly kind: 'connection';
  readonly verdict: 'decapsulated';
  readonly connection: Connection;
  readonly route: ConnectionRoute;
  readonly sentence: string;
}

export interface DropOutcome {
  readonly kind: 'dropped';
  readonly verdict: DropReason;
  /** The remote connection that it would take if its tunnel were up. */
  readonly connection?: Connection;
  readonly sentence: string;
}

export interface TraceStep {
  readonly name: 'virtualSubnet' | 'source' | 'destination' | 'route' | 'nextHop' | 'outcome';
  readonly sentence: string;
}

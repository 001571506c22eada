import type { ProviderAddress } from '../model/addresses.js';
import type { ForwardingTables } from '../model/forwarding-table.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { Vsid } from '../model/vsid.js';
import { isLimitedBroadcast, isMulticast, type IpAddress } from '../net/ip.js';
import { BROADCAST_MAC, groupMac, type MacAddress } from '../net/mac.js';
import { dropped, type Dropped } from './outcome.js';
import { routeToNextHop, type NextHop } from './route.js';

/** Where broadcast or multicast goes in a virtual subnet (N10): to its PA group, or host by host. */
export type Spread = SpreadByGroup | SpreadByCopies;

interface SpreadBase {
  readonly vsid: Vsid;
  /** Of the inner frame. */
  readonly macAddress: MacAddress;
}

export interface SpreadByGroup extends SpreadBase {
  readonly by: 'group';
  /** PA multicast group. */
  readonly providerAddress: ProviderAddress;
}

export interface SpreadByCopies extends SpreadBase {
  readonly by: 'copies';
  /** At least one. */
  readonly providerAddresses: readonly ProviderAddress[];
  /** Hosts that get nothing: one packet is copied only so often. */
  readonly leftOut: number;
}

/**
 * Where a packet that has left a routing domain goes in its virtual network.
 *
 * Broadcast and multicast stay in one virtual subnet: that of the gateway's own address that it
 * comes from, or, routed from elsewhere, the one that the customer route for its destination names.
 * What is routed from elsewhere to a subnet's broadcast address goes nowhere (RFC 2644).
 */
export function wayInto(
  domain: RoutingDomainId,
  source: IpAddress,
  destination: IpAddress,
  tables: ForwardingTables,
): NextHop | Spread | Dropped {
  const sender = tables.lookupRecord(domain, source);
  const ownVsid = sender?.local === true ? sender.vsid : undefined;
  if (isGroup(destination)) {
    const target = tables.customerRoute(domain, destination)?.target;
    const vsid = ownVsid ?? (target?.kind === 'multicast' ? target.vsid : undefined);
    return vsid === undefined ? dropped('innerMulticast') : spreadIn(vsid, destination, tables);
  }
  const hop = routeToNextHop(domain, destination, tables);
  if (!isBroadcast(hop)) return hop;
  return ownVsid === undefined
    ? dropped('innerMulticast', hop.vsid)
    : spreadIn(hop.vsid, destination, tables);
}

function isGroup(destination: IpAddress): boolean {
  return isMulticast(destination) || isLimitedBroadcast(destination);
}

/** A unicast address with a route for broadcast is the subnet's broadcast address. */
function isBroadcast(hop: NextHop | Dropped): hop is Dropped & { readonly vsid: Vsid } {
  return 'reason' in hop && hop.reason === 'innerMulticast';
}

/** Whether a packet in the virtual subnet is for all of it, its broadcast address included. */
export function isToAll(
  domain: RoutingDomainId,
  vsid: Vsid,
  destination: IpAddress,
  tables: ForwardingTables,
): boolean {
  if (isGroup(destination)) return true;
  const hop = routeToNextHop(domain, destination, tables);
  return isBroadcast(hop) && hop.vsid === vsid;
}

/** How what is for all reaches the hosts of a virtual subnet. */
export function spreadIn(
  vsid: Vsid,
  destination: IpAddress,
  tables: ForwardingTables,
): Spread | Dropped {
  const macAddress = isGroup(destination) ? groupMac(destination) : BROADCAST_MAC;
  const hosts = tables.replication(vsid);
  if (hosts === undefined) return dropped('subnetUnknown');
  const group = tables.multicastRoute(vsid, destination)?.group;
  if (group !== undefined) return { by: 'group', vsid, macAddress, providerAddress: group };
  const { providerAddresses, leftOut } = hosts;
  return providerAddresses.length === 0
    ? dropped('noRecord', vsid)
    : { by: 'copies', vsid, macAddress, providerAddresses, leftOut };
}

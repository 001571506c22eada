import type { ProviderAddress } from '../model/addresses.js';
import type { ForwardingTables } from '../model/forwarding-table.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { IpAddress } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import { isNextHop, recordHop, targetHop, type NextHop } from './route.js';
import type { TunnelPacket } from './tunnel.js';
import type { DropReason } from './verdict.js';

/**
 * Whether a packet may carry this source address and MAC (N12): undefined if it may. A packet
 * from another subnet of the routing domain is one that its host has routed; the host then writes
 * the MAC of a gateway.
 */
export function checkSource(
  tunnel: TunnelPacket,
  address: IpAddress,
  mac: MacAddress,
  tables: ForwardingTables,
): DropReason | undefined {
  const { subnet } = tunnel;
  const origin = originOf(subnet.routingDomain, address, tables);
  if (origin === 'local') return 'spoofedAddress';
  if (origin?.providerAddress !== tunnel.source)
    return checkPeer(subnet.routingDomain, tunnel.source, tables) ?? 'spoofedAddress';
  if (mac === origin.macAddress) return undefined;
  if (origin.vsid !== subnet.vsid) {
    if (mac === subnet.gatewayMac) return undefined;
    if (mac === tables.virtualSubnet(origin.vsid)?.gatewayMac) return undefined;
  }
  return 'spoofedMac';
}

/** Whether a PA belongs to the routing domain at all: undefined if it does. */
export function checkPeer(
  domain: RoutingDomainId,
  source: ProviderAddress,
  tables: ForwardingTables,
): DropReason | undefined {
  return tables.isProviderPeer(domain, source) ? undefined : 'unknownPeer';
}

/**
 * Where packets with this source address come from: the next hop that packets to it would take,
 * whether or not its record is on link. `local` for the gateway's own addresses, undefined for an
 * address that nothing in the policy leads to.
 */
export function originOf(
  domain: RoutingDomainId,
  address: IpAddress,
  tables: ForwardingTables,
): NextHop | 'local' | undefined {
  const record = tables.lookupRecord(domain, address);
  if (record !== undefined) return recordHop(record) ?? 'local';
  const hop = targetHop(tables.customerRoute(domain, address)?.target);
  return isNextHop(hop) ? hop : undefined;
}

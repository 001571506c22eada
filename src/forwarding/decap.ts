import { ETHERNET_BYTES, EtherType, NO_MAC, writeEthernet } from '../codec/ethernet.js';
import { NVGRE_OVERHEAD, NvgreOffset } from '../codec/nvgre.js';
import type { ForwardingTables } from '../model/forwarding-table.js';
import { isLimitedBroadcast, isMulticast } from '../net/ip.js';
import { isGroupMac } from '../net/mac.js';
import { answerArp } from './arp-reply.js';
import { mergeCongestion, writeTrafficClass } from './congestion.js';
import type { GatewayRoutes } from './gateway-routes.js';
import { hairpin } from './hairpin.js';
import { readInnerPacket, type InnerPacket } from './inner-packet.js';
import { answerNeighbour, isNeighbourMessage } from './neighbour-advertisement.js';
import { dropped, type DecapResult, type Dropped, type Forwarded } from './outcome.js';
import { outward } from './short-way.js';
import { receiveRewritten } from './receive-rewritten.js';
import { checkSource } from './source-check.js';
import { openTunnel, type TunnelPacket } from './tunnel.js';
import type { DropReason } from './verdict.js';

/**
 * What becomes of a frame that an underlay device received: the first check that fails is the
 * verdict.
 *
 * @param frame Ethernet frame without FCS; it is not changed.
 * @param routes of the gateway's namespace; without them nothing takes the short way out.
 */
export function decap(
  frame: Uint8Array,
  tables: ForwardingTables,
  routes?: GatewayRoutes,
): DecapResult {
  const tunnel = openTunnel(frame, tables);
  if (tunnel.kind === 'pass') return receiveRewritten(frame, tables);
  if (tunnel.kind === 'dropped') return tunnel;
  const { etherType } = tunnel.inner;
  switch (etherType) {
    case EtherType.ipv4:
    case EtherType.ipv6:
      return decapIp(tunnel, etherType, tables, routes);
    case EtherType.arp:
      return answerArp(tunnel, tables);
    case EtherType.customerVlan:
    case EtherType.serviceVlan:
      return dropped('innerVlan', tunnel.subnet.vsid);
    default:
      return dropped('innerProtocol', tunnel.subnet.vsid);
  }
}

function decapIp(
  tunnel: TunnelPacket,
  etherType: typeof EtherType.ipv4 | typeof EtherType.ipv6,
  tables: ForwardingTables,
  routes: GatewayRoutes | undefined,
): Forwarded | Dropped {
  const { vsid } = tunnel.subnet;
  const inner = readInnerPacket(tunnel.bytes, NvgreOffset.innerPacket, etherType);
  if (inner === undefined) return dropped('innerMalformed', vsid);
  if (isNeighbourMessage(tunnel, inner)) return answerNeighbour(tunnel, inner, tables);

  const fault =
    checkSource(tunnel, inner.source, tunnel.inner.source, tables) ?? checkUnicast(tunnel, inner);
  if (fault !== undefined) return dropped(fault, vsid);

  const trafficClass = mergeCongestion(tunnel.typeOfService, inner.trafficClass);
  if (trafficClass === undefined) return dropped('congestionMismatch', vsid);
  const between = hairpin(tunnel, inner, trafficClass, tables);
  if (between !== undefined) return between;
  const inside = intoRoutingDomain(tunnel, inner, trafficClass);
  if (routes === undefined) return inside;
  return outward(tunnel, inside.frame, tables, routes) ?? inside;
}

/**
 * Broadcast and multicast ends here: the host of the VM that sent it sends it to the others, too
 * (RFC 7637 section 4.2). VSID and CA decide where a unicast packet goes, so its destination MAC is
 * not looked at further.
 */
function checkUnicast(tunnel: TunnelPacket, inner: InnerPacket): DropReason | undefined {
  const isUnicast =
    !isGroupMac(tunnel.inner.destination) &&
    !isMulticast(inner.destination) &&
    !isLimitedBroadcast(inner.destination);
  if (!isUnicast) return 'multicastHeard';
  return tunnel.byGroup ? 'groupUnicast' : undefined;
}

/** Padding of the inner frame goes along; the routing domain's kernel cuts it off. */
function intoRoutingDomain(
  tunnel: TunnelPacket,
  inner: InnerPacket,
  trafficClass: number,
): Forwarded {
  const received = tunnel.bytes;
  const frame = new Uint8Array(received.byteLength - NVGRE_OVERHEAD);
  frame.set(
    new Uint8Array(
      received.buffer,
      received.byteOffset + NvgreOffset.innerPacket,
      received.byteLength - NvgreOffset.innerPacket,
    ),
    ETHERNET_BYTES,
  );
  const bytes = new DataView(frame.buffer);
  const { etherType } = tunnel.inner;
  writeEthernet(bytes, 0, { destination: NO_MAC, source: NO_MAC, etherType });
  writeTrafficClass(bytes, ETHERNET_BYTES, inner, trafficClass);
  return {
    kind: 'forwarded',
    verdict: 'decapsulated',
    vsid: tunnel.subnet.vsid,
    out: { device: 'domain', domain: tunnel.subnet.routingDomain },
    frame,
  };
}

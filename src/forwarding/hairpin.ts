import { Ipv4Word, replaceIpv4Word } from '../codec/ipv4.js';
import { replaceHopLimit } from '../codec/ipv6.js';
import { ETHERNET_BYTES, ethernetFrame } from '../codec/ethernet.js';
import { NVGRE_OVERHEAD, NvgreOffset, writeNvgreHeaders } from '../codec/nvgre.js';
import type { ForwardingTables, VirtualSubnetEntry } from '../model/forwarding-table.js';
import { writeTrafficClass } from './congestion.js';
import type { InnerPacket } from './inner-packet.js';
import type { Forwarded } from './outcome.js';
import { rewriteAddresses, toProvider } from './rewrite.js';
import { onLinkHop, type NextHop } from './route.js';
import type { TunnelPacket } from './tunnel.js';

/**
 * VM to VM through the gateway (N6): the packet goes on to the destination's host without
 * entering the routing domain. Undefined where the routing domain must see it: the destination is
 * no on-link record, the hop limit is used up or the packet longer than the way to the host carries
 * (its kernel answers), or there are IPv4 options (its kernel processes them).
 */
export function hairpin(
  tunnel: TunnelPacket,
  inner: InnerPacket,
  trafficClass: number,
  tables: ForwardingTables,
): Forwarded | undefined {
  if (inner.hopLimit <= 1 || (inner.family === 4 && inner.hasOptions)) return undefined;
  const record = tables.lookupRecord(tunnel.subnet.routingDomain, inner.destination);
  const target = onLinkHop(record);
  const rewritten =
    record?.nat === true && inner.family === 4
      ? rewriteAddresses(
          innerFrame(tunnel, inner, trafficClass),
          toProvider(tunnel.subnet.routingDomain, tables),
        )
      : undefined;
  const spared = rewritten === undefined ? 0 : NVGRE_OVERHEAD;
  if (record?.maxLength !== undefined && innerBytes(tunnel) > record.maxLength + spared)
    return undefined;
  const out = target === undefined ? undefined : tables.virtualSubnet(target.vsid);
  if (target === undefined || out === undefined) return undefined;

  return {
    kind: 'forwarded',
    verdict: rewritten === undefined ? 'hairpinned' : 'rewritten',
    vsid: tunnel.subnet.vsid,
    out: { device: 'underlay', name: out.underlay },
    frame: rewritten ?? hairpinFrame(tunnel, inner, trafficClass, target, out),
  };
}

/** What stands behind the inner Ethernet header, its padding included: it goes along. */
function innerBytes(tunnel: TunnelPacket): number {
  return tunnel.bytes.byteLength - NvgreOffset.innerPacket;
}

function hairpinFrame(
  tunnel: TunnelPacket,
  inner: InnerPacket,
  trafficClass: number,
  target: NextHop,
  out: VirtualSubnetEntry,
): Uint8Array {
  const { bytes: received } = tunnel;
  const frame = new Uint8Array(received.byteLength);
  frame.set(new Uint8Array(received.buffer, received.byteOffset, received.byteLength));
  const bytes = new DataView(frame.buffer);
  const offset = NvgreOffset.innerPacket;
  forwardInner(bytes, offset, inner, trafficClass);
  writeNvgreHeaders(bytes, {
    typeOfService: tunnel.typeOfService,
    source: out.providerAddress,
    destination: target.providerAddress,
    vsid: target.vsid,
    flowId: tunnel.flowId,
    inner: {
      destination: target.macAddress,
      source: out.sourceMac,
      etherType: tunnel.inner.etherType,
    },
  });
  return frame;
}

/** As it would leave without NVGRE: behind an Ethernet header whose addresses the kernel fills in. */
function innerFrame(tunnel: TunnelPacket, inner: InnerPacket, trafficClass: number): Uint8Array {
  const { buffer, byteOffset } = tunnel.bytes;
  const packet = new Uint8Array(buffer, byteOffset + NvgreOffset.innerPacket, innerBytes(tunnel));
  const frame = ethernetFrame(packet, tunnel.inner.etherType);
  forwardInner(new DataView(frame.buffer), ETHERNET_BYTES, inner, trafficClass);
  return frame;
}

/** What a router does to the packet at `offset`. */
function forwardInner(
  bytes: DataView,
  offset: number,
  inner: InnerPacket,
  trafficClass: number,
): void {
  writeTrafficClass(bytes, offset, inner, trafficClass);
  if (inner.family === 4) {
    const protocol = bytes.getUint8(offset + Ipv4Word.timeToLive + 1);
    replaceIpv4Word(bytes, offset, Ipv4Word.timeToLive, ((inner.hopLimit - 1) << 8) | protocol);
  } else {
    replaceHopLimit(bytes, offset, inner.hopLimit - 1);
  }
}

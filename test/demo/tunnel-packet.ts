import { ETHERNET_BYTES, EtherType, readEthernet } from '../../src/codec/ethernet.js';
import { IpProtocol } from '../../src/codec/ip-protocol.js';
import { readIpv4 } from '../../src/codec/ipv4.js';
import { NvgreOffset, vsidOfKey } from '../../src/codec/nvgre.js';
import { formatIp } from '../../src/net/ip.js';
import type { CapturedPacket } from '../support/pcap.js';

/** The addresses of an IPv4 packet. */
export interface Addresses {
  readonly from: string;
  readonly to: string;
  readonly ttl: number;
}

/** An IPv4 packet in NVGRE, as captured on the underlay. */
export interface TunnelPacket {
  /** Microseconds since 1970. */
  readonly time: bigint;
  /** PAs. */
  readonly outer: Addresses;
  readonly vsid: number;
  /** CAs. */
  readonly inner: Addresses;
}

/** Undefined for what carries no IPv4, the ARP of the VMs for example. */
export function tunnelPacketOf({ bytes, time }: CapturedPacket): TunnelPacket | undefined {
  const view = viewOf(bytes);
  const outer = addressesAt(view, NvgreOffset.outerIp);
  const ethernet = readEthernet(view, NvgreOffset.innerEthernet);
  const inner = addressesAt(view, NvgreOffset.innerPacket);
  if (outer === undefined || inner === undefined) return undefined;
  if (outer.protocol !== IpProtocol.gre || ethernet?.etherType !== EtherType.ipv4) return undefined;
  return { time, outer, vsid: vsidOfKey(view.getUint32(NvgreOffset.key)), inner };
}

export function tunnelPacketsOf(packets: readonly CapturedPacket[]): TunnelPacket[] {
  return packets.flatMap((packet) => tunnelPacketOf(packet) ?? []);
}

/** Source addresses of the IPv4 packets, each once. */
export function sourcesOf(packets: readonly CapturedPacket[]): string[] {
  const sources = packets.flatMap(
    ({ bytes }) => addressesAt(viewOf(bytes), ETHERNET_BYTES)?.from ?? [],
  );
  return [...new Set(sources)];
}

function addressesAt(
  view: DataView,
  offset: number,
): (Addresses & { readonly protocol: number }) | undefined {
  const header = readIpv4(view, offset);
  if (header === undefined) return undefined;
  const { source, destination, timeToLive, protocol } = header;
  return { from: formatIp(source), to: formatIp(destination), ttl: timeToLive, protocol };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

import { ETHERNET_BYTES, EtherType, NO_MAC, writeEthernet } from '../codec/ethernet.js';
import { isNeighbourDiscovery } from '../codec/icmpv6.js';
import { IpProtocol } from '../codec/ip-protocol.js';
import {
  FRAGMENT_BITS,
  IPV4_HEADER_WORDS,
  Ipv4Word,
  isIpv4HeaderIntact,
  readIpv4,
  replaceIpv4Word,
} from '../codec/ipv4.js';
import { IPV6_BYTES, readIpv6, replaceHopLimit } from '../codec/ipv6.js';
import {
  isLinkLocal,
  isLoopback,
  isMulticast,
  parseIpv4,
  type IpAddress,
  type Ipv4,
  type Ipv6,
} from '../net/ip.js';

/** The routing domain and the gateway. */
export const SHORT_WAY_HOPS = 2;

/** A packet whose header has nothing that only the kernel should handle. */
export interface ShortWayPacket {
  readonly etherType: typeof EtherType.ipv4 | typeof EtherType.ipv6;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly trafficClass: number;
  readonly hopLimit: number;
  /** Bytes of IP packet, as its header says. */
  readonly length: number;
}

/** Undefined for a packet that the kernel has to see whatever its routes say. */
export function readShortWayPacket(
  frame: Uint8Array,
  etherType: number,
): ShortWayPacket | undefined {
  const bytes = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const packet =
    etherType === EtherType.ipv4
      ? readShortIpv4(bytes)
      : etherType === EtherType.ipv6
        ? readShortIpv6(bytes)
        : undefined;
  if (packet === undefined || packet.hopLimit <= SHORT_WAY_HOPS) return undefined;
  return packet.length > bytes.byteLength - ETHERNET_BYTES ? undefined : packet;
}

/**
 * The packet without the padding behind it, as one router after the other would forward it.
 * @param hops how many routers there are
 */
export function forwardedBy(hops: number, frame: Uint8Array, packet: ShortWayPacket): Uint8Array {
  const sent = frame.slice(0, ETHERNET_BYTES + packet.length);
  const bytes = new DataView(sent.buffer);
  const { etherType } = packet;
  writeEthernet(bytes, 0, { destination: NO_MAC, source: NO_MAC, etherType });
  const hopLimit = packet.hopLimit - hops;
  if (etherType === EtherType.ipv4)
    replaceIpv4Word(
      bytes,
      ETHERNET_BYTES,
      Ipv4Word.timeToLive,
      (hopLimit << 8) | bytes.getUint8(ETHERNET_BYTES + Ipv4Word.timeToLive + 1),
    );
  else replaceHopLimit(bytes, ETHERNET_BYTES, hopLimit);
  return sent;
}

function readShortIpv4(bytes: DataView): ShortWayPacket | undefined {
  const header = readIpv4(bytes, ETHERNET_BYTES);
  if (header?.version !== 4 || header.headerWords !== IPV4_HEADER_WORDS) return undefined;
  if (!isIpv4HeaderIntact(bytes, ETHERNET_BYTES)) return undefined;
  if (header.totalLength < header.headerWords * 4) return undefined;
  if ((header.fragmentWord & FRAGMENT_BITS) !== 0) return undefined;
  const { source, destination, typeOfService, timeToLive, totalLength } = header;
  if (isSpecial4(source) || isSpecial4(destination)) return undefined;
  return {
    ...{ etherType: EtherType.ipv4, source, destination },
    ...{ trafficClass: typeOfService, hopLimit: timeToLive, length: totalLength },
  };
}

function readShortIpv6(bytes: DataView): ShortWayPacket | undefined {
  const header = readIpv6(bytes, ETHERNET_BYTES);
  if (header?.version !== 6 || EXTENSION_HEADERS.has(header.nextHeader)) return undefined;
  const { source, destination, trafficClass, hopLimit, payloadLength } = header;
  if (header.nextHeader === IpProtocol.icmpv6) {
    const type = ETHERNET_BYTES + IPV6_BYTES;
    if (bytes.byteLength <= type || isNeighbourDiscovery(bytes.getUint8(type))) return undefined;
  }
  if (isSpecial6(source) || isSpecial6(destination)) return undefined;
  return {
    ...{ etherType: EtherType.ipv6, source, destination },
    ...{ trafficClass, hopLimit, length: IPV6_BYTES + payloadLength },
  };
}

/** Hop-by-hop options, routing, fragment, destination options (RFC 8200 section 4). */
const EXTENSION_HEADERS: ReadonlySet<number> = new Set([0, 43, 44, 60]);

/** On `ext` of each routing domain (`compile/domain-external`). */
const DUMMY_ADDRESS = parseIpv4('192.0.0.8');

/** This network, loopback, multicast, class E; transit addresses are link-local (`dataplane/compile/transit`). */
function isSpecial4(address: Ipv4): boolean {
  const first = address >>> 24;
  if (first === 0 || first >= 224 || address === DUMMY_ADDRESS) return true;
  return isLoopback(address) || isLinkLocal(address);
}

/** First 64 bits of IPv6 transit addresses. */
const TRANSIT_IPV6 = 0xfd4e_5647_4154_0000n;

/** Unspecified, loopback and IPv4-mapped; link-local, multicast and transit addresses. */
function isSpecial6(address: Ipv6): boolean {
  return (
    address >> 96n === 0n ||
    isLinkLocal(address) ||
    isMulticast(address) ||
    address >> 64n === TRANSIT_IPV6
  );
}

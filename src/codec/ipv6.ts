import type { Ipv6 } from '../net/ip.js';

/**
 * IPv6 header (RFC 8200).
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Version| Traffic class |              Flow label               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |        Payload length         |  Next header  |   Hop limit   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                   Source address (16 bytes)                   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                Destination address (16 bytes)                 |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 *
 * There is no header checksum. Payload length 0 may mean a jumbogram, its length in a hop-by-hop
 * option (RFC 2675).
 */
export interface Ipv6Header {
  /** The first four bits as they came; 6 in a valid header. */
  readonly version: number;
  /** DSCP in the upper six bits, ECN in the lower two. */
  readonly trafficClass: number;
  readonly payloadLength: number;
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly source: Ipv6;
  readonly destination: Ipv6;
}

/** What a header that the gateway makes can choose; its flow label is 0. */
export type NewIpv6Header = Omit<Ipv6Header, 'version'>;

export const IPV6_BYTES = 40;

/** Byte offset of source and destination within the header, 32 bytes together. */
export const IPV6_ADDRESSES = 8;

/** Undefined where the bytes end before the header does. */
export function readIpv6(bytes: DataView, offset: number): Ipv6Header | undefined {
  if (bytes.byteLength < offset + IPV6_BYTES) return undefined;
  const first = bytes.getUint16(offset);
  return {
    version: first >>> 12,
    trafficClass: (first >>> 4) & 0xff,
    payloadLength: bytes.getUint16(offset + 4),
    nextHeader: bytes.getUint8(offset + 6),
    hopLimit: bytes.getUint8(offset + 7),
    source: readIpv6Address(bytes, offset + IPV6_ADDRESSES),
    destination: readIpv6Address(bytes, offset + IPV6_ADDRESSES + 16),
  };
}

/** @throws RangeError when there is no room for it */
export function writeIpv6(bytes: DataView, offset: number, header: NewIpv6Header): void {
  bytes.setUint32(offset, (6 << 28) | (header.trafficClass << 20));
  bytes.setUint16(offset + 4, header.payloadLength);
  bytes.setUint8(offset + 6, header.nextHeader);
  bytes.setUint8(offset + 7, header.hopLimit);
  writeIpv6Address(bytes, offset + IPV6_ADDRESSES, header.source);
  writeIpv6Address(bytes, offset + IPV6_ADDRESSES + 16, header.destination);
}

/** Changes the traffic class of a header in place; the flow label stays. */
export function replaceTrafficClass(bytes: DataView, offset: number, trafficClass: number): void {
  bytes.setUint16(offset, (bytes.getUint16(offset) & 0xf00f) | (trafficClass << 4));
}

/** Changes the hop limit of a header in place. */
export function replaceHopLimit(bytes: DataView, offset: number, hopLimit: number): void {
  bytes.setUint8(offset + 7, hopLimit);
}

/** @throws RangeError when fewer than 16 bytes are there */
export function readIpv6Address(bytes: DataView, offset: number): Ipv6 {
  return ((bytes.getBigUint64(offset) << 64n) | bytes.getBigUint64(offset + 8)) as Ipv6;
}

/** @throws RangeError when there is no room for it */
export function writeIpv6Address(bytes: DataView, offset: number, address: Ipv6): void {
  bytes.setBigUint64(offset, address >> 64n);
  bytes.setBigUint64(offset + 8, BigInt.asUintN(64, address));
}

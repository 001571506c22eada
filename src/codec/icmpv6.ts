import { checksumOf, isIntact, sumWords } from './checksum.js';
import { IpProtocol } from './ip-protocol.js';
import { IPV6_ADDRESSES, IPV6_BYTES } from './ipv6.js';

/**
 * ICMPv6 (RFC 4443): every message starts with type, code and checksum.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Type      |     Code      |           Checksum            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 *
 * The checksum covers the message and a pseudo-header of source, destination, length and next
 * header (RFC 8200 section 8.1); a receiver drops a message whose checksum is wrong.
 */
export const Icmpv6Type = {
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
  redirect: 137,
} as const;

/** The five messages of neighbour discovery (RFC 4861 section 4). */
export function isNeighbourDiscovery(type: number): boolean {
  return type >= Icmpv6Type.routerSolicitation && type <= Icmpv6Type.redirect;
}

/** Whether the checksum of the message right behind the IPv6 header at `offset` is right. */
export function isIcmpv6Intact(bytes: DataView, offset: number, messageLength: number): boolean {
  return isIntact(sumMessage(bytes, offset, messageLength));
}

/** Makes the checksum of the message right behind the IPv6 header at `offset`. */
export function writeIcmpv6Checksum(bytes: DataView, offset: number, messageLength: number): void {
  const field = offset + IPV6_BYTES + 2;
  bytes.setUint16(field, 0);
  bytes.setUint16(field, checksumOf(sumMessage(bytes, offset, messageLength)));
}

function sumMessage(bytes: DataView, offset: number, messageLength: number): number {
  const pseudoHeader = sumWords(
    bytes,
    offset + IPV6_ADDRESSES,
    32,
    messageLength + IpProtocol.icmpv6,
  );
  return sumWords(bytes, offset + IPV6_BYTES, messageLength, pseudoHeader);
}

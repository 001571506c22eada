import type { Ipv6 } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import { readMac, writeMac } from './ethernet.js';
import { Icmpv6Type, writeIcmpv6Checksum } from './icmpv6.js';
import { IpProtocol } from './ip-protocol.js';
import { IPV6_BYTES, readIpv6Address, writeIpv6, writeIpv6Address } from './ipv6.js';

/**
 * Neighbour solicitation (RFC 4861 section 4.3) with its source link-layer address in front.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Type = 135   |   Code = 0    |           Checksum            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                           Reserved                            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                   Target address (16 bytes)                   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Type = 1    |  Length = 1   |  Source link-layer address    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
 * |                                                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 *
 * A receiver drops it unless the hop limit is 255 (so it crossed no router), the checksum is
 * right, the code is 0, at least 24 bytes are there and the target is not multicast; from the
 * unspecified source (duplicate address detection) there must be no link-layer address (RFC 4861
 * section 7.1.1).
 */
export interface NeighbourSolicitation {
  readonly code: number;
  readonly target: Ipv6;
  /** Undefined where the first option is another one or there is none. */
  readonly sourceLinkLayer: MacAddress | undefined;
}

/**
 * Neighbour advertisement (RFC 4861 section 4.4): as the solicitation, but type 136, the flags
 * Router, Solicited and Override in the first three reserved bits, and the target's link-layer
 * address (option 2).
 */
export interface NeighbourAdvertisement {
  /** The one who answers: the target of the solicitation. */
  readonly source: Ipv6;
  /** The one who asked. */
  readonly destination: Ipv6;
  readonly targetLinkLayer: MacAddress;
}

/** Either message with one link-layer address option. */
export const NEIGHBOUR_MESSAGE_BYTES = 32;
/** RFC 4861 section 7.1: anything less has crossed a router. */
export const NEIGHBOUR_HOP_LIMIT = 255;

const FIXED_BYTES = 24;
const SOURCE_LINK_LAYER = 0x0101;
const TARGET_LINK_LAYER = 0x0201;
const ROUTER_SOLICITED_OVERRIDE = 0xe000_0000;

/**
 * Reads a message of `length` bytes at `offset`, its type known to be 135. Undefined where it is
 * shorter than its fixed part or the bytes end before it does.
 */
export function readNeighbourSolicitation(
  bytes: DataView,
  offset: number,
  length: number,
): NeighbourSolicitation | undefined {
  if (length < FIXED_BYTES || bytes.byteLength < offset + length) return undefined;
  const hasLinkLayer =
    length >= NEIGHBOUR_MESSAGE_BYTES &&
    bytes.getUint16(offset + FIXED_BYTES) === SOURCE_LINK_LAYER;
  return {
    code: bytes.getUint8(offset + 1),
    target: readIpv6Address(bytes, offset + 8),
    sourceLinkLayer: hasLinkLayer ? readMac(bytes, offset + FIXED_BYTES + 2) : undefined,
  };
}

/**
 * Writes the IPv6 header (40 bytes) and the message (32 bytes).
 * @throws RangeError when there is no room for it
 */
export function writeNeighbourAdvertisement(
  bytes: DataView,
  offset: number,
  advertisement: NeighbourAdvertisement,
): void {
  writeIpv6(bytes, offset, {
    trafficClass: 0,
    payloadLength: NEIGHBOUR_MESSAGE_BYTES,
    nextHeader: IpProtocol.icmpv6,
    hopLimit: NEIGHBOUR_HOP_LIMIT,
    source: advertisement.source,
    destination: advertisement.destination,
  });
  const message = offset + IPV6_BYTES;
  bytes.setUint8(message, Icmpv6Type.neighbourAdvertisement);
  bytes.setUint8(message + 1, 0);
  bytes.setUint32(message + 4, ROUTER_SOLICITED_OVERRIDE);
  writeIpv6Address(bytes, message + 8, advertisement.source);
  bytes.setUint16(message + FIXED_BYTES, TARGET_LINK_LAYER);
  writeMac(bytes, message + FIXED_BYTES + 2, advertisement.targetLinkLayer);
  writeIcmpv6Checksum(bytes, offset, NEIGHBOUR_MESSAGE_BYTES);
}

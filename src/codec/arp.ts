import type { Ipv4 } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import { EtherType, readMac, writeMac } from './ethernet.js';

/**
 * ARP for IPv4 over Ethernet (RFC 826).
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |       Hardware type (1)       |    Protocol type (0x0800)     |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Hw length (6) | Pr length (4) |           Operation           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Sender hardware address                    |
 * +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                               |    Sender protocol address    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                               |                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+    Target hardware address    +
 * |                                                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Target protocol address                    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 *
 * A host that does not know the hardware or protocol type, or finds other lengths than theirs,
 * drops the packet. A sender protocol address of 0.0.0.0 is a probe: the sender asks whether the
 * address is free and holds none itself yet (RFC 5227 section 2.1.1).
 */
export interface ArpPacket {
  readonly operation: number;
  readonly senderMac: MacAddress;
  readonly senderIp: Ipv4;
  readonly targetMac: MacAddress;
  readonly targetIp: Ipv4;
}

export const ARP_BYTES = 28;

export const ArpOperation = { request: 1, reply: 2 } as const;

const HARDWARE_ETHERNET = 1;
const LENGTHS = 0x0604;

/**
 * `foreign` where the packet is ARP for something else than IPv4 over Ethernet; undefined where
 * the bytes end before the packet does.
 */
export function readArp(bytes: DataView, offset: number): ArpPacket | 'foreign' | undefined {
  if (bytes.byteLength < offset + ARP_BYTES) return undefined;
  if (
    bytes.getUint16(offset) !== HARDWARE_ETHERNET ||
    bytes.getUint16(offset + 2) !== EtherType.ipv4 ||
    bytes.getUint16(offset + 4) !== LENGTHS
  )
    return 'foreign';
  return {
    operation: bytes.getUint16(offset + 6),
    senderMac: readMac(bytes, offset + 8),
    senderIp: bytes.getUint32(offset + 14) as Ipv4,
    targetMac: readMac(bytes, offset + 18),
    targetIp: bytes.getUint32(offset + 24) as Ipv4,
  };
}

/** @throws RangeError when there is no room for it */
export function writeArp(bytes: DataView, offset: number, packet: ArpPacket): void {
  bytes.setUint16(offset, HARDWARE_ETHERNET);
  bytes.setUint16(offset + 2, EtherType.ipv4);
  bytes.setUint16(offset + 4, LENGTHS);
  bytes.setUint16(offset + 6, packet.operation);
  writeMac(bytes, offset + 8, packet.senderMac);
  bytes.setUint32(offset + 14, packet.senderIp);
  writeMac(bytes, offset + 18, packet.targetMac);
  bytes.setUint32(offset + 24, packet.targetIp);
}

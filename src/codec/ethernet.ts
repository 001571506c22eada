import type { MacAddress } from '../net/mac.js';

/**
 * Ethernet II header, without preamble and FCS.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                      Destination address                      |
 * +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                               |                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+        Source address         +
 * |                                                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           EtherType           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 */
export interface EthernetHeader {
  readonly destination: MacAddress;
  readonly source: MacAddress;
  readonly etherType: number;
}

export const ETHERNET_BYTES = 14;

/** An 802.1Q tag between the addresses and the EtherType: TPID and TCI. */
export const VLAN_TAG_BYTES = 4;

export const EtherType = {
  ipv4: 0x0800,
  arp: 0x0806,
  /** C-VLAN tag, IEEE 802.1Q. */
  customerVlan: 0x8100,
  ipv6: 0x86dd,
  /** S-VLAN tag, IEEE 802.1ad. */
  serviceVlan: 0x88a8,
} as const;

export const NO_MAC = 0 as MacAddress;

/** Undefined where the bytes end before the header does. */
export function readEthernet(bytes: DataView, offset: number): EthernetHeader | undefined {
  if (bytes.byteLength < offset + ETHERNET_BYTES) return undefined;
  return {
    destination: readMac(bytes, offset),
    source: readMac(bytes, offset + 6),
    etherType: bytes.getUint16(offset + 12),
  };
}

/** @throws RangeError when there is no room for it */
export function writeEthernet(bytes: DataView, offset: number, header: EthernetHeader): void {
  writeMac(bytes, offset, header.destination);
  writeMac(bytes, offset + 6, header.source);
  bytes.setUint16(offset + 12, header.etherType);
}

/** A frame of a packet whose Ethernet addresses somebody else fills in: they are zero. */
export function ethernetFrame(packet: Uint8Array, etherType: number): Uint8Array {
  const frame = new Uint8Array(ETHERNET_BYTES + packet.byteLength);
  frame.set(packet, ETHERNET_BYTES);
  writeEthernet(new DataView(frame.buffer), 0, { destination: NO_MAC, source: NO_MAC, etherType });
  return frame;
}

/** @throws RangeError when fewer than six bytes are there */
export function readMac(bytes: DataView, offset: number): MacAddress {
  return (bytes.getUint16(offset) * 0x1_0000_0000 + bytes.getUint32(offset + 2)) as MacAddress;
}

/** @throws RangeError when there is no room for it */
export function writeMac(bytes: DataView, offset: number, address: MacAddress): void {
  bytes.setUint16(offset, Math.floor(address / 0x1_0000_0000));
  bytes.setUint32(offset + 2, address >>> 0);
}

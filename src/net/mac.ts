import { NvgateError } from '../errors.js';
import { isIpv4, isLimitedBroadcast, type IpAddress } from './ip.js';

declare const mac: unique symbol;

/** A 48-bit MAC address as a number: 00-15-5D-01-14-04 is 0x00155d011404. */
export type MacAddress = number & { readonly [mac]: true };

const FORMS = [
  /^[0-9a-f]{12}$/i,
  /^[0-9a-f]{2}(-[0-9a-f]{2}){5}$/i,
  /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i,
];

/**
 * Reads 00155D011404, 00-15-5D-01-14-04 and 00:15:5d:01:14:04.
 * @throws NvgateError `invalidMacAddress`
 */
export function parseMac(text: string): MacAddress {
  if (!FORMS.some((form) => form.test(text)))
    throw new NvgateError(
      'invalidMacAddress',
      `"${text}" is not a MAC address. Write it like 00-15-5D-01-14-04.`,
    );
  return Number.parseInt(text.replace(/[-:]/g, ''), 16) as MacAddress;
}

/** With dashes and capitals, as the WNV cmdlets print it. */
export function formatMac(address: MacAddress): string {
  return hexPairs(address).join('-').toUpperCase();
}

/** With colons and small letters, as Linux prints it. */
export function formatMacColons(address: MacAddress): string {
  return hexPairs(address).join(':');
}

function hexPairs(address: MacAddress): string[] {
  return address.toString(16).padStart(12, '0').match(/../g) ?? [];
}

/** Six bytes, as on the wire. */
export function macToBytes(address: MacAddress): Uint8Array {
  const bytes = new Uint8Array(6);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(address / 0x1_0000_0000));
  view.setUint32(2, address >>> 0);
  return bytes;
}

/** From the six bytes at `offset`. */
export function macFromBytes(bytes: Uint8Array, offset = 0): MacAddress {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 6);
  return (view.getUint16(0) * 0x1_0000_0000 + view.getUint32(2)) as MacAddress;
}

/** The group bit of the first byte: multicast or broadcast. */
export function isGroupMac(address: MacAddress): boolean {
  return Math.floor(address / 0x100_0000_0000) % 2 === 1;
}

export const BROADCAST_MAC = 0xffff_ffff_ffff as MacAddress;

/**
 * Where frames to an IP multicast group go: 01-00-5E and 23 bits of the address (RFC 1112 section
 * 6.4), or 33-33 and 32 bits (RFC 2464 section 7). Everybody's for the limited broadcast address.
 */
export function groupMac(address: IpAddress): MacAddress {
  if (isLimitedBroadcast(address)) return BROADCAST_MAC;
  return (
    isIpv4(address)
      ? 0x0100_5e00_0000 + (address & 0x7f_ffff)
      : 0x3333_0000_0000 + Number(address & 0xffff_ffffn)
  ) as MacAddress;
}

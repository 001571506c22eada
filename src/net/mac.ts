import { NvgateError } from '../errors.js';

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

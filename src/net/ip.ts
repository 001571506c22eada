import ipaddr from 'ipaddr.js';
import { NvgateError } from '../errors.js';

declare const family: unique symbol;

/** An IPv4 address as an unsigned 32-bit number in host order: 192.168.1.1 is 0xc0a80101. */
export type Ipv4 = number & { readonly [family]: 4 };

/** An IPv6 address as an unsigned 128-bit number. */
export type Ipv6 = bigint & { readonly [family]: 6 };

/**
 * A parsed IP address. A number is IPv4, a bigint is IPv6, so addresses compare with `===` and
 * serve as Map keys, and a million of them cost no objects.
 */
export type IpAddress = Ipv4 | Ipv6;

export type IpFamily = 4 | 6;

export function isIpv4(address: IpAddress): address is Ipv4 {
  return typeof address === 'number';
}

export function isIpv6(address: IpAddress): address is Ipv6 {
  return typeof address === 'bigint';
}

export function familyOf(address: IpAddress): IpFamily {
  return isIpv4(address) ? 4 : 6;
}

/** Bits of an address of that family: 32 or 128. */
export function addressBits(address: IpAddress): 32 | 128 {
  return isIpv4(address) ? 32 : 128;
}

export function ipv4FromNumber(value: number): Ipv4 {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
    throw new NvgateError('invalidAddress', `${value} is not a 32-bit number.`);
  return value as Ipv4;
}

export function ipv6FromBigint(value: bigint): Ipv6 {
  if (value < 0n || value >= 1n << 128n)
    throw new NvgateError('invalidAddress', `${value.toString()} is not a 128-bit number.`);
  return value as Ipv6;
}

/**
 * Reads dotted decimal (four parts, no octal, no hexadecimal) or IPv6 without a zone.
 * @throws NvgateError `invalidAddress`
 */
export function parseIp(text: string): IpAddress {
  const ipv4 = readDottedDecimal(text);
  if (ipv4 !== undefined) return ipv4;
  if (text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text))
    return ipFromBytes(Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray()));
  throw new NvgateError(
    'invalidAddress',
    `"${text}" is not an IP address. Write it like 192.168.1.1 or 2001:db8::1.`,
  );
}

/** @throws NvgateError `invalidAddress` when the text is not an IPv4 address */
export function parseIpv4(text: string): Ipv4 {
  const address = readDottedDecimal(text);
  if (address === undefined)
    throw new NvgateError(
      'invalidAddress',
      `"${text}" is not an IPv4 address. Write it like 10.1.1.20.`,
    );
  return address;
}

/**
 * Four decimal parts without leading zeros; undefined for any other text. One pass over the
 * characters, because a push may hold 10^6 records with two addresses each.
 */
function readDottedDecimal(text: string): Ipv4 | undefined {
  let value = 0;
  let parts = 0;
  let part: number | undefined;
  for (let i = 0; i <= text.length; i++) {
    const digit = i === text.length ? DOT : text.charCodeAt(i) - DIGIT_ZERO;
    if (digit === DOT) {
      if (part === undefined) return undefined;
      value = value * 256 + part;
      parts++;
      part = undefined;
    } else if (digit < 0 || digit > 9 || part === 0) return undefined;
    else {
      part = (part ?? 0) * 10 + digit;
      if (part > 255) return undefined;
    }
  }
  return parts === 4 ? (value as Ipv4) : undefined;
}

const DIGIT_ZERO = 0x30;
/** "." as a digit's distance from "0". */
const DOT = 0x2e - DIGIT_ZERO;

/** The canonical text (RFC 5952 for IPv6). */
export function formatIp(address: IpAddress): string {
  if (isIpv4(address))
    return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
  return new ipaddr.IPv6([...ipToBytes(address)]).toRFC5952String();
}

/** A short text for Map keys made of several parts; no two addresses have the same. */
export function ipKey(address: IpAddress): string {
  return isIpv4(address) ? address.toString(36) : `:${address.toString(36)}`;
}

/** 4 or 16 bytes, network order. */
export function ipToBytes(address: IpAddress): Uint8Array {
  if (isIpv4(address)) return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address);
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, address >> 64n);
  view.setBigUint64(8, address & 0xffffffffffffffffn);
  return bytes;
}

/** From 4 or 16 bytes, network order. */
export function ipFromBytes(bytes: Uint8Array): IpAddress {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (bytes.byteLength) {
    case 4:
      return view.getUint32(0) as Ipv4;
    case 16:
      return ((view.getBigUint64(0) << 64n) | view.getBigUint64(8)) as Ipv6;
    default:
      throw new NvgateError(
        'invalidAddress',
        `An address has 4 or 16 bytes, not ${bytes.byteLength}.`,
      );
  }
}

/** 0.0.0.0 or :: */
export function isUnspecified(address: IpAddress): boolean {
  return isIpv4(address) ? address === 0 : address === 0n;
}

/** 224.0.0.0/4 or ff00::/8 */
export function isMulticast(address: IpAddress): boolean {
  return isIpv4(address) ? address >>> 28 === 0xe : address >> 120n === 0xffn;
}

/** 127.0.0.0/8 or ::1 */
export function isLoopback(address: IpAddress): boolean {
  return isIpv4(address) ? address >>> 24 === 127 : address === 1n;
}

/** 169.254.0.0/16 or fe80::/10 */
export function isLinkLocal(address: IpAddress): boolean {
  return isIpv4(address) ? address >>> 16 === 0xa9fe : address >> 118n === 0x3fan;
}

/** 255.255.255.255; IPv6 has none. */
export function isLimitedBroadcast(address: IpAddress): boolean {
  return isIpv4(address) && address === 0xffffffff;
}

/** Orders IPv4 before IPv6, then by value: for listings that come out the same every time. */
export function compareIp(a: IpAddress, b: IpAddress): number {
  if (isIpv4(a) !== isIpv4(b)) return isIpv4(a) ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

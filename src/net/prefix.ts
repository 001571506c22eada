import { NvgateError } from '../errors.js';
import {
  addressBits,
  compareIp,
  familyOf,
  formatIp,
  isIpv4,
  parseIp,
  type IpAddress,
  type IpFamily,
  type Ipv4,
  type Ipv6,
} from './ip.js';

/** An IP prefix whose host bits are zero. */
export interface Prefix {
  readonly address: IpAddress;
  /** 0..32 or 0..128 */
  readonly length: number;
}

/**
 * A prefix, its host bits checked.
 * @throws NvgateError `invalidPrefix`
 */
export function Prefix(address: IpAddress, length: number): Prefix {
  const bits = addressBits(address);
  if (!Number.isInteger(length) || length < 0 || length > bits)
    throw new NvgateError(
      'invalidPrefix',
      `Prefix length ${length} is outside 0..${bits} of ${formatIp(address)}.`,
    );
  const network = maskAddress(address, length);
  if (network !== address)
    throw new NvgateError(
      'invalidPrefix',
      `${formatIp(address)}/${length} has host bits set. Write ${formatIp(network)}/${length}.`,
    );
  return { address, length };
}

/**
 * Reads `192.168.1.0/24` or `2001:db8::/64`.
 * @throws NvgateError `invalidPrefix` or `invalidAddress`
 */
export function parsePrefix(text: string): Prefix {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined)
    throw new NvgateError(
      'invalidPrefix',
      `"${text}" is not a prefix. Write it like 192.168.1.0/24.`,
    );
  return Prefix(parseIp(match[1]), Number(match[2]));
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatIp(prefix.address)}/${prefix.length}`;
}

/** The prefix that holds just this address: /32 or /128. */
export function hostPrefix(address: IpAddress): Prefix {
  return { address, length: addressBits(address) };
}

/** 0.0.0.0/0 or ::/0 */
export function defaultPrefix(family: IpFamily): Prefix {
  return { address: family === 4 ? (0 as Ipv4) : (0n as Ipv6), length: 0 };
}

export function prefixFamily(prefix: Prefix): IpFamily {
  return familyOf(prefix.address);
}

/** The address with all bits behind `length` cleared. */
export function maskAddress(address: IpAddress, length: number): IpAddress {
  if (isIpv4(address)) {
    const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
    return ((address & mask) >>> 0) as Ipv4;
  }
  const hostBits = 128n - BigInt(length);
  return ((address >> hostBits) << hostBits) as Ipv6;
}

export function prefixContains(prefix: Prefix, address: IpAddress): boolean {
  return (
    isIpv4(prefix.address) === isIpv4(address) &&
    maskAddress(address, prefix.length) === prefix.address
  );
}

export function prefixesOverlap(a: Prefix, b: Prefix): boolean {
  return a.length <= b.length ? prefixContains(a, b.address) : prefixContains(b, a.address);
}

/**
 * The first host address: the one after the network address; in /31, /32, /127 and /128 the
 * prefix's own address (RFC 3021, RFC 6164).
 */
export function firstHost(prefix: Prefix): IpAddress {
  if (addressBits(prefix.address) - prefix.length < 2) return prefix.address;
  return isIpv4(prefix.address) ? ((prefix.address + 1) as Ipv4) : ((prefix.address + 1n) as Ipv6);
}

/** The directed broadcast address; undefined for IPv6 and for prefixes without one (/31, /32). */
export function broadcastAddress(prefix: Prefix): Ipv4 | undefined {
  if (!isIpv4(prefix.address) || prefix.length > 30) return undefined;
  return ((prefix.address | (0xffffffff >>> prefix.length)) >>> 0) as Ipv4;
}

/** Orders by address, then the shorter prefix first. */
export function comparePrefix(a: Prefix, b: Prefix): number {
  return compareIp(a.address, b.address) || a.length - b.length;
}

import {
  addressBits,
  compareIp,
  familyOf,
  formatIp,
  isIpv4,
  type IpAddress,
  type Ipv4,
  type Ipv6,
} from '../net/ip.js';
import { comparePrefix, formatPrefix, type Prefix } from '../net/prefix.js';

/**
 * Text exactly as `nft -s -t list table` prints it, so that comparing text finds every difference:
 * sets sorted and on one line, a set of one as its element, neighbouring prefixes joined.
 */

export interface Chain {
  readonly name: string;
  /** `type … hook … priority …; policy …;` of a base chain */
  readonly hook?: string;
  readonly rules: readonly string[];
}

/** A set that rules fill; its elements are state, not configuration. */
export interface DynamicSet {
  readonly name: string;
  readonly lines: readonly string[];
}

export function renderTable(
  name: string,
  sets: readonly DynamicSet[],
  chains: readonly Chain[],
): string {
  const blocks = [
    ...sets.map((set) => block(`set ${set.name}`, set.lines)),
    ...chains.map((chain) =>
      block(`chain ${chain.name}`, [
        ...(chain.hook === undefined ? [] : [chain.hook]),
        ...chain.rules,
      ]),
    ),
  ];
  return `table inet ${name} {\n${blocks.join('\n')}}`;
}

function block(head: string, lines: readonly string[]): string {
  return `\t${head} {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`;
}

/** `ip` or `ip6` */
export function familyKeyword(address: IpAddress): 'ip' | 'ip6' {
  return isIpv4(address) ? 'ip' : 'ip6';
}

/** `192.168.1.1:80` or `[2001:db8::1]:80` */
export function addressAndPort(address: IpAddress, port: number): string {
  return isIpv4(address) ? `${formatIp(address)}:${port}` : `[${formatIp(address)}]:${port}`;
}

/** The address with a port above those of daemons, for what must not keep its own. */
export function translatedPorts(address: IpAddress): string {
  return isIpv4(address)
    ? `${formatIp(address)}:10000-65535`
    : `[${formatIp(address)}]:10000-65535`;
}

/** Each address once, in the order in which nft prints them. */
export function sortedAddresses<A extends IpAddress>(addresses: Iterable<A>): A[] {
  return [...new Set(addresses)].sort(compareIp);
}

/** Addresses of one family, at least one. */
export function addressSet(addresses: readonly IpAddress[]): string {
  return setOf(sortedAddresses(addresses).map(formatIp));
}

/** Prefixes of one family, at least one; those that overlap or touch become one range. */
export function prefixSet(prefixes: readonly Prefix[]): string {
  if (prefixes.every((prefix) => prefix.length === addressBits(prefix.address)))
    return addressSet(prefixes.map((prefix) => prefix.address));
  return setOf(joinedRanges(prefixes).map(formatRange));
}

/** A map, at least one entry, from keys in the order in which nft prints them. */
export function mapOf(entries: readonly (readonly [key: string, value: string])[]): string {
  return `{ ${entries.map(([key, value]) => `${key} : ${value}`).join(', ')} }`;
}

function setOf(elements: readonly string[]): string {
  const [only] = elements;
  return elements.length === 1 && only !== undefined ? only : `{ ${elements.join(', ')} }`;
}

interface Range {
  readonly first: bigint;
  readonly last: bigint;
  readonly family: 4 | 6;
}

function joinedRanges(prefixes: readonly Prefix[]): Range[] {
  const joined: Range[] = [];
  for (const prefix of prefixes.toSorted(comparePrefix)) {
    const first = BigInt(prefix.address);
    const bits = addressBits(prefix.address);
    const last = first + (1n << BigInt(bits - prefix.length)) - 1n;
    const before = joined.at(-1);
    if (before === undefined || first > before.last + 1n)
      joined.push({ first, last, family: familyOf(prefix.address) });
    else if (last > before.last) joined.splice(-1, 1, { ...before, last });
  }
  return joined;
}

/** As a prefix where the range is one, else from its first to its last address. */
function formatRange({ first, last, family }: Range): string {
  const address = (value: bigint): IpAddress =>
    family === 4 ? (Number(value) as Ipv4) : (value as Ipv6);
  if (first === last) return formatIp(address(first));
  const size = last - first + 1n;
  const hostBits = size.toString(2).length - 1;
  if (size === 1n << BigInt(hostBits) && first % size === 0n)
    return formatPrefix({ address: address(first), length: (family === 4 ? 32 : 128) - hostBits });
  return `${formatIp(address(first))}-${formatIp(address(last))}`;
}

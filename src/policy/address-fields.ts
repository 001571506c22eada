import { ipFromBytes, ipToBytes, isIpv4, type IpAddress, type Ipv4 } from '../net/ip.js';
import type { Prefix } from '../net/prefix.js';

/** An address in a row of the store: a number is IPv4, 16 bytes are IPv6. */
export type IpField = number | Uint8Array;
export type PrefixField = readonly [IpField, number];

export function ipField(address: IpAddress): IpField {
  return isIpv4(address) ? address : ipToBytes(address);
}

export function ipOf(field: IpField): IpAddress {
  return typeof field === 'number' ? (field as Ipv4) : ipFromBytes(field);
}

export function prefixField(prefix: Prefix): PrefixField {
  return [ipField(prefix.address), prefix.length];
}

export function prefixOf([address, length]: PrefixField): Prefix {
  return { address: ipOf(address), length };
}

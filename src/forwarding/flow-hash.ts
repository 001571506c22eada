import { ETHERNET_BYTES, EtherType, VLAN_TAG_BYTES } from '../codec/ethernet.js';
import { IpProtocol } from '../codec/ip-protocol.js';
import { FRAGMENT_BITS, readIpv4 } from '../codec/ipv4.js';
import { IPV6_BYTES, readIpv6 } from '../codec/ipv6.js';

/**
 * 32 bits that are the same for all packets of a flow (N2), from an Ethernet frame: a hash of both
 * addresses, and where every packet of the flow shows them, protocol and ports (IPv4, IPv6 TCP and
 * UDP) or the flow label (other IPv6). Fragments have no ports, all of them. 0 for what is not IP.
 */
export function flowHashOf(frame: Uint8Array): number {
  const bytes = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (bytes.byteLength < ETHERNET_BYTES) return 0;
  const outermost = bytes.getUint16(ETHERNET_BYTES - 2);
  const tagged = outermost === EtherType.customerVlan || outermost === EtherType.serviceVlan;
  const offset = tagged ? ETHERNET_BYTES + VLAN_TAG_BYTES : ETHERNET_BYTES;
  if (bytes.byteLength < offset) return 0;
  const etherType = bytes.getUint16(offset - 2);
  if (etherType === EtherType.ipv4) return hash32(ipv4Words(bytes, offset));
  return etherType === EtherType.ipv6 ? hash32(ipv6Words(bytes, offset)) : 0;
}

function ipv4Words(bytes: DataView, offset: number): bigint[] {
  const header = readIpv4(bytes, offset);
  if (header === undefined) return [];
  const { source, destination, protocol, fragmentWord, headerWords } = header;
  const whole = (fragmentWord & FRAGMENT_BITS) === 0;
  const ports = whole && hasPorts(protocol) ? portsAt(bytes, offset + headerWords * 4) : 0;
  return [word(source, destination), word(protocol, ports)];
}

function ipv6Words(bytes: DataView, offset: number): bigint[] {
  const header = readIpv6(bytes, offset);
  if (header === undefined) return [];
  const { source, destination, nextHeader } = header;
  const label = bytes.getUint32(offset) & 0xfffff;
  return [
    ...[source, destination].flatMap((address) => [address >> 64n, address & LOW_64]),
    hasPorts(nextHeader) ? word(nextHeader, portsAt(bytes, offset + IPV6_BYTES)) : word(0, label),
  ];
}

function hasPorts(protocol: number): boolean {
  return protocol === IpProtocol.tcp || protocol === IpProtocol.udp;
}

/** Both ports as one number; 0 where the packet ends before. */
function portsAt(bytes: DataView, offset: number): number {
  return bytes.byteLength < offset + 4 ? 0 : bytes.getUint32(offset);
}

function word(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

const LOW_64 = 0xffff_ffff_ffff_ffffn;

/** 2^64 divided by the golden ratio: neighbouring numbers land far apart (Knuth, TAOCP 6.4). */
const MULTIPLIER = 0x9e37_79b9_7f4a_7c15n;

function hash32(words: readonly bigint[]): number {
  let hash = 0n;
  for (const each of words) {
    hash = ((hash ^ each) * MULTIPLIER) & LOW_64;
    hash ^= hash >> 32n;
  }
  return Number(hash >> 32n);
}

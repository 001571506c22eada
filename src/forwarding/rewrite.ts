import { updateChecksum } from '../codec/checksum.js';
import { ETHERNET_BYTES } from '../codec/ethernet.js';
import { ICMP_ERROR_BYTES, IcmpType } from '../codec/icmp.js';
import { IpProtocol } from '../codec/ip-protocol.js';
import {
  FRAGMENT_OFFSET,
  IPV4_BYTES,
  IPV4_HEADER_WORDS,
  Ipv4Address,
  readIpv4,
  replaceIpv4Address,
  type Ipv4Header,
} from '../codec/ipv4.js';
import type { ForwardingTables } from '../model/forwarding-table.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { isIpv4, type Ipv4 } from '../net/ip.js';

/*
 * IP Rewrite (N13): between two records of rule `nat` a packet travels without NVGRE, with a PA in
 * the place of each CA. What this cannot be done to and undone again is encapsulated as ever: IP
 * options, which may hold addresses; GRE, which would be taken for NVGRE; an ICMP redirect, and an
 * ICMP error about a packet that was encapsulated itself.
 */

/** The address that stands for another, if one does. */
export type Counterpart = (address: Ipv4) => Ipv4 | undefined;

/** From customer addresses of a routing domain to the provider addresses that stand for them. */
export function toProvider(domain: RoutingDomainId, tables: ForwardingTables): Counterpart {
  return (address) => {
    const record = tables.lookupRecord(domain, address);
    return record?.nat === true ? record.providerAddress : undefined;
  };
}

/** The way back; undefined for an address that stands for one of another routing domain. */
export function toCustomer(domain: RoutingDomainId, tables: ForwardingTables): Counterpart {
  return (address) => {
    const rewrite = tables.rewrite(address);
    if (rewrite?.routingDomain !== domain) return undefined;
    return isIpv4(rewrite.customerAddress) ? rewrite.customerAddress : undefined;
  };
}

/**
 * Replaces both addresses of an IPv4 packet, those of a packet that an ICMP error returns, and the
 * checksums that cover them (RFC 1624).
 *
 * @param frame Ethernet header and IPv4 packet; it is not changed.
 * @returns undefined where the packet cannot travel so, or is none that has
 */
export function rewriteAddresses(
  frame: Uint8Array,
  counterpart: Counterpart,
): Uint8Array | undefined {
  const rewritten = new Uint8Array(frame);
  const bytes = new DataView(rewritten.buffer);
  const packet = readPlainIpv4(bytes, ETHERNET_BYTES);
  if (packet === undefined) return undefined;
  const change = changeOf(packet, counterpart);
  const transport = ETHERNET_BYTES + IPV4_BYTES;
  const end = ETHERNET_BYTES + packet.totalLength;
  if (change === undefined) return undefined;

  const field = transport + (checksumOffset(packet) ?? 0);
  if (field > transport) {
    if (field + 2 > Math.min(end, bytes.byteLength)) return undefined;
    replaceInChecksum(bytes, field, packet.protocol, change);
  } else if (packet.protocol === IpProtocol.icmp && isFirst(packet)) {
    if (!rewriteReturned(bytes, transport, end, counterpart)) return undefined;
  }
  writeAddresses(bytes, ETHERNET_BYTES, change);
  return rewritten;
}

/** The packet in an ICMP error, as much of it as there is. False where it cannot travel so. */
function rewriteReturned(
  bytes: DataView,
  message: number,
  end: number,
  counterpart: Counterpart,
): boolean {
  const at = message + ICMP_ERROR_BYTES;
  if (at > Math.min(end, bytes.byteLength)) return false;
  const type = bytes.getUint8(message);
  if (type === IcmpType.redirect) return false;
  if (!RETURNING.includes(type)) return true;

  const transport = at + IPV4_BYTES;
  const packet = transport > end ? undefined : readPlainIpv4(bytes, at);
  if (packet?.version !== 4) return false;
  const change = changeOf(packet, counterpart);
  if (change === undefined) return false;
  const field = transport + (checksumOffset(packet) ?? 0);
  if (field > transport && field + 2 <= end) {
    if (field + 2 > bytes.byteLength) return false;
    const before = bytes.getUint16(field);
    replaceInChecksum(bytes, field, packet.protocol, change);
    const own = message + ICMP_CHECKSUM;
    bytes.setUint16(own, updateChecksum(bytes.getUint16(own), before, bytes.getUint16(field)));
  }
  // The header's own checksum makes up for its addresses, so the message's stays.
  writeAddresses(bytes, at, change);
  return true;
}

const ICMP_CHECKSUM = 2;

const RETURNING: readonly number[] = [
  IcmpType.destinationUnreachable,
  IcmpType.sourceQuench,
  IcmpType.timeExceeded,
  IcmpType.parameterProblem,
];

/** Without options, and no GRE. */
function readPlainIpv4(bytes: DataView, offset: number): Ipv4Header | undefined {
  const header = readIpv4(bytes, offset);
  if (header?.headerWords !== IPV4_HEADER_WORDS) return undefined;
  return header.protocol === IpProtocol.gre ? undefined : header;
}

function isFirst({ fragmentWord }: Ipv4Header): boolean {
  return (fragmentWord & FRAGMENT_OFFSET) === 0;
}

/** Where in the transport header the checksum is that covers the addresses. */
function checksumOffset(packet: Ipv4Header): number | undefined {
  if (!isFirst(packet)) return undefined;
  switch (packet.protocol) {
    case IpProtocol.tcp:
      return 16;
    case IpProtocol.udp:
    case IpProtocol.udpLite:
    case IpProtocol.dccp:
      return 6;
    default:
      return undefined;
  }
}

interface Change {
  readonly source: readonly [before: Ipv4, after: Ipv4];
  readonly destination: readonly [before: Ipv4, after: Ipv4];
}

function changeOf(
  { source, destination }: Ipv4Header,
  counterpart: Counterpart,
): Change | undefined {
  const newSource = counterpart(source);
  const newDestination = counterpart(destination);
  if (newSource === undefined || newDestination === undefined) return undefined;
  return { source: [source, newSource], destination: [destination, newDestination] };
}

function writeAddresses(bytes: DataView, offset: number, change: Change): void {
  replaceIpv4Address(bytes, offset, Ipv4Address.source, change.source[1]);
  replaceIpv4Address(bytes, offset, Ipv4Address.destination, change.destination[1]);
}

/** Zero says that UDP has none (RFC 768); one that comes out as zero is written as its equal. */
function replaceInChecksum(bytes: DataView, field: number, protocol: number, change: Change): void {
  const isUdp = protocol === IpProtocol.udp;
  let checksum = bytes.getUint16(field);
  if (isUdp && checksum === 0) return;
  for (const [before, after] of [change.source, change.destination]) {
    checksum = updateChecksum(checksum, before >>> 16, after >>> 16);
    checksum = updateChecksum(checksum, before & 0xffff, after & 0xffff);
  }
  bytes.setUint16(field, isUdp && checksum === 0 ? 0xffff : checksum);
}

import { ARP_BYTES, ArpOperation, writeArp } from '../../src/codec/arp.js';
import { checksumOf, sumWords } from '../../src/codec/checksum.js';
import { ETHERNET_BYTES, EtherType, NO_MAC, writeEthernet } from '../../src/codec/ethernet.js';
import { GRE_KEYED_BYTES, writeGre } from '../../src/codec/gre.js';
import { Icmpv6Type, writeIcmpv6Checksum } from '../../src/codec/icmpv6.js';
import { IpProtocol } from '../../src/codec/ip-protocol.js';
import { DONT_FRAGMENT, IPV4_BYTES, writeIpv4 } from '../../src/codec/ipv4.js';
import { IPV6_BYTES, writeIpv6, writeIpv6Address } from '../../src/codec/ipv6.js';
import { NVGRE_FLAGS, NVGRE_PROTOCOL_TYPE, NvgreOffset } from '../../src/codec/nvgre.js';
import { isIpv4, isIpv6, parseIp, type IpAddress, type Ipv4, type Ipv6 } from '../../src/net/ip.js';
import { macToBytes, parseMac, type MacAddress } from '../../src/net/mac.js';

/* Packets in the words of a test. Addresses may be text; what is left out has a valid default. */

export type Ip = IpAddress | string;
export type Mac = MacAddress | string;

/** What an Ethernet frame carries. */
export interface Payload {
  readonly etherType: number;
  readonly bytes: Uint8Array;
}

interface IpOptions {
  readonly from: Ip;
  readonly to: Ip;
  /** TTL or hop limit. */
  readonly hopLimit?: number;
  /** TOS or traffic class. */
  readonly trafficClass?: number;
}

export interface PortOptions extends IpOptions {
  readonly fromPort?: number;
  readonly toPort?: number;
  readonly data?: Uint8Array;
}

export function udp(options: PortOptions): Payload {
  const data = options.data ?? new Uint8Array(8);
  const message = new Uint8Array(8 + data.byteLength);
  const bytes = viewOf(message);
  bytes.setUint16(0, options.fromPort ?? 40000);
  bytes.setUint16(2, options.toPort ?? 7);
  bytes.setUint16(4, message.byteLength);
  message.set(data, 8);
  return ip(options, IpProtocol.udp, message, 6);
}

export function tcp(options: PortOptions & { readonly flags?: number }): Payload {
  const data = options.data ?? new Uint8Array(0);
  const message = new Uint8Array(20 + data.byteLength);
  const bytes = viewOf(message);
  bytes.setUint16(0, options.fromPort ?? 40000);
  bytes.setUint16(2, options.toPort ?? 80);
  bytes.setUint32(4, 1);
  bytes.setUint16(12, (5 << 12) | (options.flags ?? 0x02));
  bytes.setUint16(14, 0xffff);
  message.set(data, 20);
  return ip(options, IpProtocol.tcp, message, 16);
}

/** Echo request, ICMP or ICMPv6 by the family of `from`. */
export function icmp(options: IpOptions & { readonly sequence?: number }): Payload {
  const isVersion4 = isIpv4(address(options.from));
  const message = new Uint8Array(16);
  const bytes = viewOf(message);
  bytes.setUint8(0, isVersion4 ? 8 : 128);
  bytes.setUint16(6, options.sequence ?? 1);
  if (isVersion4) bytes.setUint16(2, checksumOf(sumWords(bytes, 0, 16)));
  return ip(options, isVersion4 ? IpProtocol.icmp : IpProtocol.icmpv6, message, 2);
}

/** ICMP "destination unreachable"; `returned` is the beginning of the packet in question. */
export function icmpUnreachable(
  options: IpOptions & {
    readonly code: number;
    readonly mtu?: number;
    readonly returned: Uint8Array;
  },
): Payload {
  const message = new Uint8Array(8 + options.returned.byteLength);
  const bytes = viewOf(message);
  bytes.setUint8(0, 3);
  bytes.setUint8(1, options.code);
  bytes.setUint16(6, options.mtu ?? 0);
  message.set(options.returned, 8);
  bytes.setUint16(2, checksumOf(sumWords(bytes, 0, message.byteLength)));
  return ip(options, IpProtocol.icmp, message, 2);
}

/** Any ICMPv6 message, its checksum right: `body` is what follows the checksum. */
export function icmpv6(
  options: IpOptions & { readonly type: number; readonly code?: number; readonly body: Uint8Array },
): Payload {
  const message = new Uint8Array(4 + options.body.byteLength);
  message[0] = options.type;
  message[1] = options.code ?? 0;
  message.set(options.body, 4);
  return ip(options, IpProtocol.icmpv6, message, 2);
}

/** A report of group membership: IGMP version 2, or MLD version 2 behind a router alert. */
export function groupReport(options: IpOptions): Payload {
  const report = icmp(options);
  const packet = Buffer.from(report.bytes);
  if (isIpv4(address(options.from))) {
    packet[9] = IpProtocol.igmp;
    packet.set([0x16, 0, 0, 0], IPV4_BYTES);
    repairIpv4Checksum(packet, 0);
    return { ...report, bytes: packet };
  }
  const header = Buffer.from(packet.subarray(0, IPV6_BYTES));
  header[6] = IpProtocol.hopByHop;
  header.writeUInt16BE(packet.byteLength - IPV6_BYTES + 8, 4);
  const routerAlert = Buffer.of(IpProtocol.icmpv6, 0, 5, 2, 0, 0, 1, 0);
  const message = packet.subarray(IPV6_BYTES);
  message[0] = 143;
  return { ...report, bytes: Buffer.concat([header, routerAlert, message]) };
}

export interface SolicitationOptions {
  readonly from: Ip;
  readonly target: Ip;
  /** The target's solicited-node group if absent. */
  readonly to?: Ip;
  readonly hopLimit?: number;
  readonly code?: number;
  /** The source link-layer address option; none if absent. */
  readonly linkLayer?: Mac;
}

export function neighbourSolicitation(options: SolicitationOptions): Payload {
  const target = ipv6(options.target);
  const body = new Uint8Array(options.linkLayer === undefined ? 20 : 28);
  writeIpv6Address(viewOf(body), 4, target);
  if (options.linkLayer !== undefined) {
    body.set([1, 1], 20);
    body.set(macToBytes(mac(options.linkLayer)), 22);
  }
  return icmpv6({
    from: options.from,
    to: options.to ?? solicitedNode(target),
    hopLimit: options.hopLimit ?? 255,
    type: Icmpv6Type.neighbourSolicitation,
    ...(options.code !== undefined && { code: options.code }),
    body,
  });
}

export function arpRequest(options: {
  readonly senderMac: Mac;
  readonly senderIp: Ip;
  readonly targetIp: Ip;
  readonly operation?: number;
}): Payload {
  const bytes = new Uint8Array(ARP_BYTES);
  writeArp(viewOf(bytes), 0, {
    operation: options.operation ?? ArpOperation.request,
    senderMac: mac(options.senderMac),
    senderIp: ipv4(options.senderIp),
    targetMac: NO_MAC,
    targetIp: ipv4(options.targetIp),
  });
  return { etherType: EtherType.arp, bytes };
}

export interface FrameOptions {
  readonly source?: Mac;
  readonly destination?: Mac;
  readonly payload: Payload;
}

export function ethernet(options: FrameOptions): Uint8Array {
  const frame = new Uint8Array(ETHERNET_BYTES + options.payload.bytes.byteLength);
  writeEthernet(viewOf(frame), 0, {
    destination: mac(options.destination ?? NO_MAC),
    source: mac(options.source ?? NO_MAC),
    etherType: options.payload.etherType,
  });
  frame.set(options.payload.bytes, ETHERNET_BYTES);
  return frame;
}

export interface NvgreOptions {
  /** PAs. */
  readonly from: Ip;
  readonly to: Ip;
  readonly vsid: number;
  readonly flowId?: number;
  readonly trafficClass?: number;
  readonly fragmentWord?: number;
  readonly greFlags?: number;
  readonly greProtocol?: number;
  /** Inner MACs. */
  readonly innerSource: Mac;
  readonly innerDestination: Mac;
  readonly inner: Payload;
}

/** The whole frame on the underlay; its outer Ethernet addresses are zero. */
export function nvgre(options: NvgreOptions): Uint8Array {
  const inner = ethernet({
    source: options.innerSource,
    destination: options.innerDestination,
    payload: options.inner,
  });
  const frame = new Uint8Array(NvgreOffset.innerEthernet + inner.byteLength);
  const bytes = viewOf(frame);
  writeEthernet(bytes, 0, { destination: NO_MAC, source: NO_MAC, etherType: EtherType.ipv4 });
  writeIpv4(bytes, NvgreOffset.outerIp, {
    typeOfService: options.trafficClass ?? 0,
    totalLength: IPV4_BYTES + GRE_KEYED_BYTES + inner.byteLength,
    fragmentWord: options.fragmentWord ?? DONT_FRAGMENT,
    timeToLive: 64,
    protocol: IpProtocol.gre,
    source: ipv4(options.from),
    destination: ipv4(options.to),
  });
  const header = {
    flags: options.greFlags ?? NVGRE_FLAGS,
    protocolType: options.greProtocol ?? NVGRE_PROTOCOL_TYPE,
  };
  writeGre(bytes, NvgreOffset.gre, header, options.vsid * 256 + (options.flowId ?? 0));
  frame.set(inner, NvgreOffset.innerEthernet);
  return frame;
}

/** Makes the header checksum of the IPv4 header without options at `offset` right. */
export function repairIpv4Checksum(frame: Uint8Array, offset: number): void {
  if (frame.byteLength < offset + IPV4_BYTES) return;
  const bytes = viewOf(frame);
  bytes.setUint16(offset + 10, 0);
  bytes.setUint16(offset + 10, checksumOf(sumWords(bytes, offset, IPV4_BYTES)));
}

/** The bytes as one line of hexadecimal digits, so that a failed comparison reads well. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function ip(
  options: IpOptions,
  protocol: number,
  message: Uint8Array,
  checksumAt: number,
): Payload {
  const source = address(options.from);
  return isIpv4(source)
    ? ipv4Packet(options, source, protocol, message, checksumAt)
    : ipv6Packet(options, source, protocol, message, checksumAt);
}

function ipv4Packet(
  options: IpOptions,
  source: Ipv4,
  protocol: number,
  message: Uint8Array,
  checksumAt: number,
): Payload {
  const packet = new Uint8Array(IPV4_BYTES + message.byteLength);
  const bytes = viewOf(packet);
  writeIpv4(bytes, 0, {
    typeOfService: options.trafficClass ?? 0,
    totalLength: packet.byteLength,
    fragmentWord: DONT_FRAGMENT,
    timeToLive: options.hopLimit ?? 64,
    protocol,
    source,
    destination: ipv4(options.to),
  });
  packet.set(message, IPV4_BYTES);
  if (protocol !== IpProtocol.icmp) {
    const pseudoHeader = sumWords(bytes, 12, 8, protocol + message.byteLength);
    const sum = sumWords(bytes, IPV4_BYTES, message.byteLength, pseudoHeader);
    bytes.setUint16(IPV4_BYTES + checksumAt, checksumOf(sum));
  }
  return { etherType: EtherType.ipv4, bytes: packet };
}

function ipv6Packet(
  options: IpOptions,
  source: Ipv6,
  protocol: number,
  message: Uint8Array,
  checksumAt: number,
): Payload {
  const packet = new Uint8Array(IPV6_BYTES + message.byteLength);
  const bytes = viewOf(packet);
  writeIpv6(bytes, 0, {
    trafficClass: options.trafficClass ?? 0,
    payloadLength: message.byteLength,
    nextHeader: protocol,
    hopLimit: options.hopLimit ?? 64,
    source,
    destination: ipv6(options.to),
  });
  packet.set(message, IPV6_BYTES);
  if (protocol === IpProtocol.icmpv6) writeIcmpv6Checksum(bytes, 0, message.byteLength);
  else {
    const pseudoHeader = sumWords(bytes, 8, 32, protocol + message.byteLength);
    const sum = sumWords(bytes, IPV6_BYTES, message.byteLength, pseudoHeader);
    bytes.setUint16(IPV6_BYTES + checksumAt, checksumOf(sum));
  }
  return { etherType: EtherType.ipv6, bytes: packet };
}

/** ff02::1:ff00:0/104 and the target's low 24 bits (RFC 4291 section 2.7.1). */
function solicitedNode(target: Ipv6): Ipv6 {
  return ((0xff02_0000_0000_0000n << 64n) | 0x1_ff00_0000n | (target & 0xff_ffffn)) as Ipv6;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function address(value: Ip): IpAddress {
  return typeof value === 'string' ? parseIp(value) : value;
}

function ipv4(value: Ip): Ipv4 {
  const parsed = address(value);
  if (!isIpv4(parsed)) throw new TypeError(`${String(value)} is not an IPv4 address`);
  return parsed;
}

function ipv6(value: Ip): Ipv6 {
  const parsed = address(value);
  if (!isIpv6(parsed)) throw new TypeError(`${String(value)} is not an IPv6 address`);
  return parsed;
}

function mac(value: Mac): MacAddress {
  return typeof value === 'string' ? parseMac(value) : value;
}

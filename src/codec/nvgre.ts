import type { ProviderAddress } from '../model/addresses.js';
import type { FlowId } from '../model/flow-id.js';
import type { Vsid } from '../model/vsid.js';
import {
  ETHERNET_BYTES,
  EtherType,
  NO_MAC,
  writeEthernet,
  type EthernetHeader,
} from './ethernet.js';
import { GRE_KEYED_BYTES, GreFlag, writeGre } from './gre.js';
import { IpProtocol } from './ip-protocol.js';
import { DONT_FRAGMENT, IPV4_BYTES, writeIpv4 } from './ipv4.js';

/**
 * NVGRE (RFC 7637 section 3): an Ethernet frame without FCS inside GRE inside IPv4.
 *
 * ```
 * | outer Ethernet 14 | outer IPv4 20 | GRE 8 | inner Ethernet 14 | inner packet … |
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |0| |1|0|     Reserved0     | Ver |     Protocol type 0x6558      |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           Virtual subnet id (VSID)            |    FlowID     |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 *
 * The checksum and sequence bits are 0, the key bit is 1, all other bits 0 (section 3.2): 0x2000
 * and nothing else. The inner frame has no 802.1Q tag; a receiver drops one that has (section
 * 3.3). FlowID carries entropy of the inner flow, or 0.
 */
export interface NvgreHeaders {
  readonly typeOfService: number;
  readonly source: ProviderAddress;
  readonly destination: ProviderAddress;
  readonly vsid: Vsid;
  readonly flowId: FlowId;
  readonly inner: EthernetHeader;
}

export const NVGRE_FLAGS = GreFlag.key;
/** Transparent Ethernet bridging. */
export const NVGRE_PROTOCOL_TYPE = 0x6558;

/** Offsets from the start of the outer Ethernet header; the outer IPv4 header has no options. */
export const NvgreOffset = {
  outerIp: ETHERNET_BYTES,
  gre: ETHERNET_BYTES + IPV4_BYTES,
  key: ETHERNET_BYTES + IPV4_BYTES + 4,
  innerEthernet: ETHERNET_BYTES + IPV4_BYTES + GRE_KEYED_BYTES,
  innerPacket: 2 * ETHERNET_BYTES + IPV4_BYTES + GRE_KEYED_BYTES,
} as const;

/** What NVGRE adds to an inner IP packet: 42 bytes (N1). */
export const NVGRE_OVERHEAD = NvgreOffset.innerPacket - ETHERNET_BYTES;

const TIME_TO_LIVE = 64;

/** 24 bits; whether a tenant's subnet may have it is for the reader to decide. */
export function vsidOfKey(key: number): number {
  return key >>> 8;
}

export function flowIdOfKey(key: number): FlowId {
  return (key & 0xff) as FlowId;
}

/**
 * Writes everything in front of the inner packet (56 bytes) for a frame that ends where `bytes`
 * does. The outer Ethernet addresses are zero: whoever sends the frame fills them in.
 * @throws RangeError when there is no room for it
 */
export function writeNvgreHeaders(bytes: DataView, headers: NvgreHeaders): void {
  writeEthernet(bytes, 0, { destination: NO_MAC, source: NO_MAC, etherType: EtherType.ipv4 });
  writeIpv4(bytes, NvgreOffset.outerIp, {
    typeOfService: headers.typeOfService,
    totalLength: bytes.byteLength - ETHERNET_BYTES,
    fragmentWord: DONT_FRAGMENT,
    timeToLive: TIME_TO_LIVE,
    protocol: IpProtocol.gre,
    source: headers.source,
    destination: headers.destination,
  });
  writeGre(
    bytes,
    NvgreOffset.gre,
    { flags: NVGRE_FLAGS, protocolType: NVGRE_PROTOCOL_TYPE },
    headers.vsid * 256 + headers.flowId,
  );
  writeEthernet(bytes, NvgreOffset.innerEthernet, headers.inner);
}

import { EtherType } from '../codec/ethernet.js';
import { IPV4_HEADER_WORDS, isIpv4HeaderIntact, readIpv4 } from '../codec/ipv4.js';
import { IPV6_BYTES, readIpv6 } from '../codec/ipv6.js';
import type { Ipv4, Ipv6 } from '../net/ip.js';

/** What forwarding reads of an inner IP packet, in the same words for both families. */
export type InnerPacket = InnerIpv4 | InnerIpv6;

interface InnerBase {
  /** DSCP and ECN. */
  readonly trafficClass: number;
  /** Time to live or hop limit. */
  readonly hopLimit: number;
}

export interface InnerIpv4 extends InnerBase {
  readonly family: 4;
  readonly source: Ipv4;
  readonly destination: Ipv4;
  readonly hasOptions: boolean;
}

export interface InnerIpv6 extends InnerBase {
  readonly family: 6;
  readonly source: Ipv6;
  readonly destination: Ipv6;
  readonly nextHeader: number;
  readonly payloadLength: number;
}

/**
 * Reads and checks the IP packet from `offset` to the end of `bytes`, which may be padded.
 * Undefined where it is malformed: the routing domain's kernel would drop it too, but nobody
 * could say why.
 */
export function readInnerPacket(
  bytes: DataView,
  offset: number,
  etherType: typeof EtherType.ipv4 | typeof EtherType.ipv6,
): InnerPacket | undefined {
  return etherType === EtherType.ipv4 ? readInnerIpv4(bytes, offset) : readInnerIpv6(bytes, offset);
}

function readInnerIpv4(bytes: DataView, offset: number): InnerIpv4 | undefined {
  const header = readIpv4(bytes, offset);
  if (header?.version !== 4 || header.headerWords < IPV4_HEADER_WORDS) return undefined;
  if (header.totalLength < header.headerWords * 4) return undefined;
  if (header.totalLength > bytes.byteLength - offset) return undefined;
  const hasOptions = header.headerWords > IPV4_HEADER_WORDS;
  if (!hasOptions && !isIpv4HeaderIntact(bytes, offset)) return undefined;
  return {
    family: 4,
    source: header.source,
    destination: header.destination,
    trafficClass: header.typeOfService,
    hopLimit: header.timeToLive,
    hasOptions,
  };
}

function readInnerIpv6(bytes: DataView, offset: number): InnerIpv6 | undefined {
  const header = readIpv6(bytes, offset);
  if (header?.version !== 6) return undefined;
  if (header.payloadLength > bytes.byteLength - offset - IPV6_BYTES) return undefined;
  return {
    family: 6,
    source: header.source,
    destination: header.destination,
    trafficClass: header.trafficClass,
    hopLimit: header.hopLimit,
    nextHeader: header.nextHeader,
    payloadLength: header.payloadLength,
  };
}

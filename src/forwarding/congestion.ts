import { Ipv4Word, replaceIpv4Word } from '../codec/ipv4.js';
import { replaceTrafficClass } from '../codec/ipv6.js';
import type { InnerPacket } from './inner-packet.js';

/**
 * Explicit congestion notification across the tunnel (RFC 6040 section 4.2): the lower two bits
 * of traffic class or type of service.
 *
 * "Congestion experienced" on the outer header must reach the inner flow; where the inner flow
 * cannot take it (not ECN-capable) the packet is dropped, as a congested router would have done.
 */
const ECN_MASK = 0b11;
const NOT_CAPABLE = 0b00;
const CONGESTION = 0b11;

/** The traffic class that the inner packet leaves with; undefined where it must be dropped. */
export function mergeCongestion(outerClass: number, innerClass: number): number | undefined {
  if ((outerClass & ECN_MASK) !== CONGESTION) return innerClass;
  return (innerClass & ECN_MASK) === NOT_CAPABLE ? undefined : innerClass | CONGESTION;
}

/** Writes the merged traffic class into a copy of the inner packet at `offset`. */
export function writeTrafficClass(
  bytes: DataView,
  offset: number,
  inner: InnerPacket,
  trafficClass: number,
): void {
  if (trafficClass === inner.trafficClass) return;
  if (inner.family === 4) {
    const firstByte = bytes.getUint8(offset);
    replaceIpv4Word(bytes, offset, Ipv4Word.versionAndService, (firstByte << 8) | trafficClass);
  } else {
    replaceTrafficClass(bytes, offset, trafficClass);
  }
}

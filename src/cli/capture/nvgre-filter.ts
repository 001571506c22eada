import type { Vsid } from '../../model/vsid.js';
import type { Frame } from './pcap.js';

/** Outer Ethernet 14, IPv4 20, GRE 8 (RFC 7637 section 3.2). */
const OUTER_LENGTH = 42;

/** NVGRE of one virtual subnet, whatever its FlowID, in the language of pcap-filter(7). */
export function nvgreFilter(vsid: Vsid): string {
  return [
    'ip proto 47',
    'ip[0] & 0xf = 5',
    'ip[6:2] & 0x3fff = 0',
    'ip[20:2] & 0x2000 != 0',
    'ip[22:2] = 0x6558',
    `ip[24:4] >> 8 = ${vsid}`,
  ].join(' and ');
}

/** The inner frame; undefined where the capture has nothing of it. */
export function decapsulated(frame: Frame): Frame | undefined {
  if (frame.bytes.length <= OUTER_LENGTH) return undefined;
  return {
    ...frame,
    bytes: frame.bytes.subarray(OUTER_LENGTH),
    length: frame.length - OUTER_LENGTH,
  };
}

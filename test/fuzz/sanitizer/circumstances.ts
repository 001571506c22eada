import { readMac } from '../../../src/codec/ethernet.js';
import type { MacAddress } from '../../../src/net/mac.js';
import type { PacketMarks } from '../../support/bpf-test-run.js';
import type { Circumstances, ProgramName } from './sanitized-process.js';

const ETHERNET_BYTES = 14;
const LONG_HEADERS = 130;

/** PACKET_* of linux/if_packet.h */
const TO = { host: 0, multicast: 2, otherHost: 3 } as const;
/** First bit on the wire of a group's Ethernet address. */
const GROUP_BIT = 2 ** 40;

/**
 * What a test run of the kernel leaves out, and what must make no difference: how much of a packet is
 * linear, which kernel it is, whether the packet came out of a tunnel. A function of the frame alone,
 * so that a case can be repeated.
 * @param own Ethernet address of the device, where its frames may be for others
 */
export function circumstancesOf(
  program: ProgramName,
  frame: Uint8Array,
  ifindex: number,
  { gsoSize = 0, mark = 0 }: PacketMarks,
  own?: MacAddress,
): Circumstances {
  const hash = hashOf(frame);
  return {
    ...{ ifindex, mark, gsoSize, linearLength: linearLength(hash, frame.length) },
    protocol: protocolOf(frame),
    packetType: packetType(program, frame, own),
    olderKernel: (hash & 0x10) !== 0,
    encapsulated: program === 'encap' && (hash & 0x60) === 0,
    ...{ vlanPresent: false, refusedCall: 0 },
  };
}

/** As in spread.h: what marks a copy, and the number that the marked may have. */
const COPY_MARK = 0x7637_0000;
const COPIES = [0, 1, 63, 64, 65, 0xffff];
const SEGMENTS = [0, 0, 1, 536, 1460, 0xffff];
/** Most packets need fewer calls that may fail. */
const CALLS = 6;

/**
 * Circumstances in which nothing is known to compare the outcome with, only that there is one: a call
 * to the kernel fails, the packet is still to be segmented, it claims to be a copy, it has a tag.
 * @returns undefined for most frames, which need not be run in this way
 */
export function strangerCircumstances(
  circumstances: Circumstances,
  frame: Uint8Array,
): Circumstances | undefined {
  const hash = hashOf(frame) >>> 8;
  if (hash % 16 !== 0) return undefined;
  const copy = COPIES[(hash >>> 4) % (2 * COPIES.length)];
  return {
    ...circumstances,
    refusedCall: (hash >>> 9) % (CALLS + 2),
    gsoSize: SEGMENTS[(hash >>> 12) % SEGMENTS.length] ?? 0,
    mark: copy === undefined ? circumstances.mark : COPY_MARK + copy,
    vlanPresent: (hash >>> 15) % 16 === 0,
  };
}

/** decap is for packets to this host; to encap it makes no difference. */
function packetType(
  program: ProgramName,
  frame: Uint8Array,
  own: MacAddress | undefined,
): Circumstances['packetType'] {
  if (program === 'encap') return TO.otherHost;
  if (own === undefined) return TO.host;
  const destination = readMac(new DataView(frame.buffer, frame.byteOffset, frame.byteLength), 0);
  if (destination === own) return TO.host;
  return Math.floor(destination / GROUP_BIT) % 2 === 1 ? TO.multicast : TO.otherHost;
}

/** Half of the packets all of it, others a part of their headers. */
function linearLength(hash: number, length: number): number {
  if ((hash & 1) === 0) return length;
  const most = Math.min(length, LONG_HEADERS) - ETHERNET_BYTES;
  return ETHERNET_BYTES + ((hash >>> 12) % (most + 1));
}

/** As eth_type_trans: a number below 0x600 is a length, and the kernel has its own for such frames. */
function protocolOf(frame: Uint8Array): number {
  const word = (at: number): number => ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
  const type = word(12);
  if (type >= 0x600) return type;
  return word(14) === 0xffff ? 0x0001 : 0x0004;
}

/** FNV-1a over the headers and the length; 32 bits. */
function hashOf(frame: Uint8Array): number {
  let hash = 0x811c9dc5 ^ frame.length;
  const end = Math.min(frame.length, LONG_HEADERS);
  for (let at = 0; at < end; at += 1) hash = Math.imul(hash ^ (frame[at] ?? 0), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

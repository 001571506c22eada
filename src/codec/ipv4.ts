import type { Ipv4 } from '../net/ip.js';
import { checksumOf, isIntact, sumWords, updateChecksum } from './checksum.js';

/**
 * IPv4 header (RFC 791), without its options.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Version|  IHL  |   DSCP    |ECN|         Total length          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |        Identification         |0|D|M|     Fragment offset     |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Time to live  |   Protocol    |        Header checksum        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                        Source address                         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                      Destination address                      |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 *
 * Whoever reads it drops silently what has another version, a wrong checksum, a header of less
 * than 20 bytes or one longer than the packet, or a packet longer than what arrived (RFC 1122
 * section 3.2.1, RFC 1812 section 5.2.2). Bytes behind the total length are padding of the link.
 */
export interface Ipv4Header {
  /** The first four bits as they came; 4 in a valid header. */
  readonly version: number;
  /** Header length with options, in 32-bit words as they came; 5..15 in a valid header. */
  readonly headerWords: number;
  /** DSCP in the upper six bits, ECN in the lower two. */
  readonly typeOfService: number;
  readonly totalLength: number;
  /** Flags and fragment offset as one word; see the FRAGMENT_ constants. */
  readonly fragmentWord: number;
  readonly timeToLive: number;
  readonly protocol: number;
  readonly source: Ipv4;
  readonly destination: Ipv4;
}

/** What a header that the gateway makes can choose: no options, identification 0, not a fragment. */
export type NewIpv4Header = Omit<Ipv4Header, 'version' | 'headerWords'>;

/** Header without options. */
export const IPV4_BYTES = 20;
export const IPV4_HEADER_WORDS = 5;
export const IPV4_MAX_LENGTH = 65535;

export const DONT_FRAGMENT = 0x4000;
/** "More fragments" and the offset: any of them makes it a fragment. */
export const FRAGMENT_BITS = 0x3fff;
export const FRAGMENT_OFFSET = 0x1fff;

/** Byte offsets within the header of the 16-bit words that forwarding changes. */
export const Ipv4Word = { versionAndService: 0, timeToLive: 8 } as const;
/** Byte offsets of the addresses. */
export const Ipv4Address = { source: 12, destination: 16 } as const;
const CHECKSUM = 10;

/** Undefined where the bytes end before 20 bytes of header. */
export function readIpv4(bytes: DataView, offset: number): Ipv4Header | undefined {
  if (bytes.byteLength < offset + IPV4_BYTES) return undefined;
  const first = bytes.getUint8(offset);
  return {
    version: first >>> 4,
    headerWords: first & 0x0f,
    typeOfService: bytes.getUint8(offset + 1),
    totalLength: bytes.getUint16(offset + 2),
    fragmentWord: bytes.getUint16(offset + 6),
    timeToLive: bytes.getUint8(offset + 8),
    protocol: bytes.getUint8(offset + 9),
    source: bytes.getUint32(offset + 12) as Ipv4,
    destination: bytes.getUint32(offset + 16) as Ipv4,
  };
}

/** Whether the checksum of a header without options is right. */
export function isIpv4HeaderIntact(bytes: DataView, offset: number): boolean {
  return isIntact(sumWords(bytes, offset, IPV4_BYTES));
}

/**
 * Writes a header without options, its checksum made.
 * @throws RangeError when there is no room for it
 */
export function writeIpv4(bytes: DataView, offset: number, header: NewIpv4Header): void {
  bytes.setUint8(offset, (4 << 4) | IPV4_HEADER_WORDS);
  bytes.setUint8(offset + 1, header.typeOfService);
  bytes.setUint16(offset + 2, header.totalLength);
  bytes.setUint16(offset + 4, 0);
  bytes.setUint16(offset + 6, header.fragmentWord);
  bytes.setUint8(offset + 8, header.timeToLive);
  bytes.setUint8(offset + 9, header.protocol);
  bytes.setUint16(offset + CHECKSUM, 0);
  bytes.setUint32(offset + 12, header.source);
  bytes.setUint32(offset + 16, header.destination);
  bytes.setUint16(offset + CHECKSUM, checksumOf(sumWords(bytes, offset, IPV4_BYTES)));
}

/** Changes one 16-bit word of a header in place and its checksum with it. */
export function replaceIpv4Word(
  bytes: DataView,
  offset: number,
  word: (typeof Ipv4Word)[keyof typeof Ipv4Word],
  value: number,
): void {
  replaceWord(bytes, offset, word, value);
}

/** Changes an address of a header in place and its checksum with it. */
export function replaceIpv4Address(
  bytes: DataView,
  offset: number,
  address: (typeof Ipv4Address)[keyof typeof Ipv4Address],
  value: Ipv4,
): void {
  replaceWord(bytes, offset, address, value >>> 16);
  replaceWord(bytes, offset, address + 2, value & 0xffff);
}

function replaceWord(bytes: DataView, offset: number, word: number, value: number): void {
  const old = bytes.getUint16(offset + word);
  bytes.setUint16(offset + word, value);
  const checksum = bytes.getUint16(offset + CHECKSUM);
  bytes.setUint16(offset + CHECKSUM, updateChecksum(checksum, old, value));
}

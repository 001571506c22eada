import { checksumOf, sumWords } from '../../src/codec/checksum.js';
import { IPV4_BYTES } from '../../src/codec/ipv4.js';
import type { Payload } from './packets.js';

/** How a packet is to differ from a plain one; all but `padding` are IPv4's. */
export interface Spoiling {
  /** Bytes behind the packet. */
  readonly padding?: number;
  /** Words of options that say nothing (RFC 791 section 3.1). */
  readonly options?: number;
  /** Flags and fragment offset. */
  readonly fragmentWord?: number;
  readonly totalLength?: number;
  /** Instead of the right one. */
  readonly checksum?: number;
}

const NO_OPERATION = 1;
const FIELD = { totalLength: 2, fragmentWord: 6, checksum: 10 } as const;

/** The packet with some of its header otherwise and, unless that is what differs, the checksum right. */
export function patched({ etherType, bytes }: Payload, how: Spoiling): Payload {
  const { padding = 0, options = 0 } = how;
  const longer = new Uint8Array(bytes.byteLength + options * 4 + padding);
  longer.set(bytes);
  if (
    options === 0 &&
    how.fragmentWord === undefined &&
    !('totalLength' in how || 'checksum' in how)
  )
    return { etherType, bytes: longer };
  const header = IPV4_BYTES + options * 4;
  longer.fill(NO_OPERATION, IPV4_BYTES, header);
  longer.set(bytes.subarray(IPV4_BYTES), header);
  const view = new DataView(longer.buffer);
  view.setUint8(0, 0x40 | (header / 4));
  view.setUint16(FIELD.totalLength, how.totalLength ?? longer.byteLength - padding);
  if (how.fragmentWord !== undefined) view.setUint16(FIELD.fragmentWord, how.fragmentWord);
  view.setUint16(FIELD.checksum, 0);
  view.setUint16(FIELD.checksum, how.checksum ?? checksumOf(sumWords(view, 0, header)));
  return { etherType, bytes: longer };
}

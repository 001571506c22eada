import { onceIn, pick, type Choices } from '../../support/choices.js';
import { repairIpv4Checksum } from '../../support/packets.js';
import type { HeaderField } from './header-fields.js';

/** What a test run takes: a page without the room that an skb keeps in front and behind. */
export const LONGEST_FRAME = 3500;
const SHORTEST = 14;

/** Where headers end: a packet that ends there, or a byte beside it, is as short as it may be. */
const ENDS = [14, 18, 34, 38, 42, 54, 56, 58, 62, 70, 76, 84, 96, 104, 128];

/** Makes damaged copies of frames. A copy holds until the next is made. */
export function createHavoc(
  fields: readonly HeaderField[],
  ipOffsets: readonly number[],
): (choices: Choices, frame: Uint8Array) => Uint8Array {
  const room = new Uint8Array(LONGEST_FRAME);
  return (choices, frame) => {
    let length = Math.min(frame.byteLength, LONGEST_FRAME);
    room.set(frame.subarray(0, length));
    for (let damages = 1 + choices.below(4); damages > 0; damages -= 1)
      length = damage(choices, room, length, fields);
    const damaged = room.subarray(0, length);
    for (const offset of ipOffsets) mend(choices, damaged, offset);
    return damaged;
  };
}

/** @returns the new length */
function damage(
  choices: Choices,
  bytes: Uint8Array,
  length: number,
  fields: readonly HeaderField[],
): number {
  switch (choices.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      writeField(choices, bytes, length, pick(choices, fields));
      return length;
    case 4:
    case 5:
      for (let flips = 1 + choices.below(4); flips > 0; flips -= 1)
        flip(choices, bytes, choices.below(length));
      return length;
    case 6:
      flip(choices, bytes, choices.below(Math.min(length, 130)));
      return length;
    case 7:
      return clamp(pick(choices, ENDS) + choices.below(3) - 1, length);
    case 8:
      return clamp(choices.below(length + 1), length);
    case 9:
      return extend(choices, bytes, length);
    case 10:
      return insert(choices, bytes, length);
    default:
      return remove(choices, bytes, length);
  }
}

function clamp(wanted: number, length: number): number {
  return Math.min(length, Math.max(SHORTEST, wanted));
}

/** One of the values that matter, or the old one and a little. */
function writeField(
  choices: Choices,
  bytes: Uint8Array,
  length: number,
  { at, values }: HeaderField,
): void {
  if (at + 2 > length) return;
  const old = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  const value = onceIn(choices, 4)
    ? (old + pick(choices, [1, -1, 4, -4, 8, -8, 0x100, -0x100])) & 0xffff
    : pick(choices, values);
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}

function flip(choices: Choices, bytes: Uint8Array, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ (1 << choices.below(8));
}

/** Bytes behind the end: padding, or what a wrong length makes part of the packet. */
function extend(choices: Choices, bytes: Uint8Array, length: number): number {
  const most = onceIn(choices, 8) ? LONGEST_FRAME : Math.min(LONGEST_FRAME, length + 64);
  const longer = length + choices.below(most - length + 1);
  bytes.fill(pick(choices, [0, 0xee, 0xff]), length, longer);
  return longer;
}

/** A few bytes in between: a tag behind an Ethernet header, options behind an IP header. */
function insert(choices: Choices, bytes: Uint8Array, length: number): number {
  const at = onceIn(choices, 2) ? pick(choices, [12, 34, 42, 54, 56, 76]) : choices.below(length);
  const count = pick(choices, [1, 4, 4, 8, 12]);
  if (at > length || length + count > LONGEST_FRAME) return length;
  bytes.copyWithin(at + count, at, length);
  const tag = [0x81, 0x00, choices.below(256), choices.below(256)];
  for (let i = 0; i < count; i += 1) bytes[at + i] = tag[i % 4] ?? 0;
  return length + count;
}

function remove(choices: Choices, bytes: Uint8Array, length: number): number {
  const at = choices.below(length);
  const count = Math.min(1 + choices.below(20), length - at);
  bytes.copyWithin(at, at + count, length);
  return clamp(length - count, length);
}

/** Mostly makes length and checksum of a header right again, so that what lies behind them is met. */
function mend(choices: Choices, frame: Uint8Array, offset: number): void {
  const isIpv4 = frame.byteLength >= offset + 20 && (frame[offset] ?? 0) >> 4 === 4;
  if (!isIpv4) return;
  if (onceIn(choices, 2)) {
    const length = frame.byteLength - offset;
    frame[offset + 2] = length >> 8;
    frame[offset + 3] = length & 0xff;
  }
  if (!onceIn(choices, 6)) repairIpv4Checksum(frame, offset);
}

import { EtherType } from '../../src/codec/ethernet.js';
import { NvgreOffset } from '../../src/codec/nvgre.js';
import { onceIn, pick, type Choices } from './choices.js';
import { repairIpv4Checksum, type Payload } from './packets.js';

/* Damage to packets. Checksums are repaired now and then, so that the checks behind them are met too. */

/** A copy of the inner packet that is wrong somewhere; its Ethernet type stays. */
export function mutateInner(choices: Choices, payload: Payload): Payload {
  const bytes = damage(choices, payload.bytes, 0);
  const isIpv4 = payload.etherType === EtherType.ipv4;
  if (isIpv4 && !onceIn(choices, 4)) repairIpv4Checksum(bytes, 0);
  return { ...payload, bytes };
}

/** A copy of a frame that is wrong somewhere behind its Ethernet addresses. */
export function mutateUnderlayFrame(choices: Choices, frame: Uint8Array): Uint8Array {
  const damaged = onceIn(choices, 10)
    ? withOuterOptions(frame)
    : damage(choices, frame, NvgreOffset.outerIp - 2);
  if (!onceIn(choices, 5)) repairIpv4Checksum(damaged, NvgreOffset.outerIp);
  return damaged;
}

function damage(choices: Choices, bytes: Uint8Array, from: number): Uint8Array {
  switch (choices.below(5)) {
    case 0:
      return bytes.slice(0, from + choices.below(bytes.byteLength - from));
    case 1:
      return padded(bytes, 1 + choices.below(40));
    case 2:
      return withWord(choices, bytes, from);
    case 3:
      return withFlippedBits(choices, bytes, from, bytes.byteLength);
    default:
      return withFlippedBits(choices, bytes, from, Math.min(bytes.byteLength, from + 60));
  }
}

/** Padding that is not zero, so that it shows where it does not belong. */
function padded(bytes: Uint8Array, count: number): Uint8Array {
  const longer = new Uint8Array(bytes.byteLength + count).fill(0xee);
  longer.set(bytes);
  return longer;
}

/** One of the first 16-bit words, where the lengths are, becomes a bit more or less. */
function withWord(choices: Choices, bytes: Uint8Array, from: number): Uint8Array {
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  const at = from + pick(choices, [2, 4, 6]);
  if (at + 2 <= changed.byteLength)
    view.setUint16(at, (view.getUint16(at) + pick(choices, [1, -1, 8, -8, -20])) & 0xffff);
  return changed;
}

function withFlippedBits(
  choices: Choices,
  bytes: Uint8Array,
  from: number,
  to: number,
): Uint8Array {
  const changed = bytes.slice();
  for (let flips = 1 + choices.below(3); flips > 0; flips -= 1) {
    const at = from + choices.below(to - from);
    changed[at] = (changed[at] ?? 0) ^ (1 << choices.below(8));
  }
  return changed;
}

/** Four bytes of "no operation" behind the outer header. */
function withOuterOptions(frame: Uint8Array): Uint8Array {
  const behind = NvgreOffset.gre;
  const changed = new Uint8Array(frame.byteLength + 4).fill(1);
  changed.set(frame.subarray(0, behind));
  changed.set(frame.subarray(behind), behind + 4);
  const view = new DataView(changed.buffer);
  view.setUint8(NvgreOffset.outerIp, 0x46);
  view.setUint16(NvgreOffset.outerIp + 2, (view.getUint16(NvgreOffset.outerIp + 2) + 4) & 0xffff);
  return changed;
}

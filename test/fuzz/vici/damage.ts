import { onceIn, pick, type Choices } from '../../support/choices.js';

/** Element and packet types, and lengths that are none. */
const BYTES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x7f, 0x80, 0xff];

/** A copy that is wrong in one or a few places: bytes changed, left out, there twice, or cut off. */
export function damageBytes(choices: Choices, bytes: Uint8Array): Uint8Array {
  let damaged = bytes;
  for (let damages = 1 + choices.below(4); damages > 0; damages -= 1)
    damaged = damageOnce(choices, damaged);
  return damaged;
}

function damageOnce(choices: Choices, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return Uint8Array.of(pick(choices, BYTES));
  const at = choices.below(bytes.length);
  const count = 1 + choices.below(onceIn(choices, 3) ? bytes.length : 8);
  const part = bytes.subarray(at, at + count);
  switch (choices.below(6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return joined(bytes.subarray(0, at), bytes.subarray(at + count));
    case 2:
      return joined(bytes.subarray(0, at + count), part, bytes.subarray(at + count));
    case 3:
      return joined(bytes.subarray(0, at), Uint8Array.of(pick(choices, BYTES)), bytes.subarray(at));
    case 4:
      return joined(bytes.subarray(0, at), bytes.subarray(at + count), part);
    default: {
      const changed = bytes.slice();
      changed[at] = onceIn(choices, 2) ? pick(choices, BYTES) : choices.below(256);
      return changed;
    }
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

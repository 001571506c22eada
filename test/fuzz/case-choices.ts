import { seededChoices, type Choices } from '../support/choices.js';

/**
 * The decisions of one case: a function of the run's seed and the case's index.
 * @param purpose tells several sequences of one index apart
 */
export function caseChoices(seed: number, index: number, purpose = 0): Choices {
  return seededChoices(mix(mix(mix(seed) ^ index) ^ Math.imul(purpose + 1, 0x9e3779b1)));
}

/** Each bit of the answer depends on all bits of the number (the finaliser of MurmurHash3). */
function mix(number: number): number {
  let mixed = number | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

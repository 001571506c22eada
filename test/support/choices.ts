import * as fc from 'fast-check';

/** Where a generator takes its decisions from: fast-check (which can shrink) or a seeded sequence (which is fast). */
export interface Choices {
  /** An integer in 0..limit-1. */
  below(limit: number): number;
}

/** One of the values, each as likely as the others. */
export function pick<T>(choices: Choices, values: readonly [T, ...T[]] | readonly T[]): T {
  const value = values[choices.below(values.length)];
  if (value === undefined) throw new RangeError('There is nothing to choose from.');
  return value;
}

/** True once in `times`. */
export function onceIn(choices: Choices, times: number): boolean {
  return choices.below(times) === times - 1;
}

/** The same decisions for the same seed (mulberry32). */
export function seededChoices(seed: number): Choices {
  let state = seed | 0;
  return {
    below(limit) {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * limit);
    },
  };
}

/** What `make` makes of fast-check's decisions; 0 is the simplest of each. */
export function arbitraryOf<T>(make: (choices: Choices) => T): fc.Arbitrary<T> {
  return fc.gen().map((next) => make({ below: (limit) => next(fc.nat, { max: limit - 1 }) }));
}

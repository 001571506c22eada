/** Middle value; of an even number of values the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * The smallest value that at least the share `q` of the values does not exceed (nearest rank): of
 * p99 it is a value that was measured, never one between two. NaN of none.
 * @param q 0..1
 */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

export interface Spread {
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { min: Math.min(...values), max: Math.max(...values) };
}

/**
 * Median of the ratios within each round. What else runs on the machine slows both of a round, so
 * this is steadier than the ratio of two medians. NaN where they have no round in common.
 */
export function pairedRatio(values: readonly number[], reference: readonly number[]): number {
  const rounds = Math.min(values.length, reference.length);
  return median(
    Array.from({ length: rounds }, (_, round) => {
      const [value = Number.NaN, base = Number.NaN] = [values[round], reference[round]];
      return value / base;
    }),
  );
}

/** With so many significant digits: more would pretend to an accuracy that is not there. */
export function significant(value: number, digits = 4): number {
  return Number.isFinite(value) ? Number(value.toPrecision(digits)) : value;
}

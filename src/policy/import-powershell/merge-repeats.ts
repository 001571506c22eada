import { sameValue } from '../same-value.js';
import type { Report } from './report.js';

/** Something read from a script, and the line of its command. */
export interface Read<T> {
  readonly line: number;
  readonly value: T;
}

/**
 * A script says the same thing once per host; it is one thing. What contradicts an earlier command
 * is a problem that names both lines, and the earlier one stays.
 * @param describe what the two are about, for the message
 */
export function mergeRepeats<T, Key>(
  reads: readonly Read<T>[],
  keyOf: (value: T) => Key,
  describe: (value: T) => string,
  report: Report,
): Map<Key, Read<T>> {
  const merged = new Map<Key, Read<T>>();
  for (const read of reads) {
    const key = keyOf(read.value);
    const earlier = merged.get(key);
    if (earlier === undefined) merged.set(key, read);
    else if (!sameValue(earlier.value, read.value))
      report.problem(
        read.line,
        'duplicate',
        `Lines ${earlier.line} and ${read.line} contradict each other about ${describe(read.value)}. Keep one of them, or make them the same.`,
      );
  }
  return merged;
}

import type { GoalResult } from './goals.js';

/** A floor that does not hold. */
export interface Breach {
  readonly key: string;
  /** Undefined where it was not measured. */
  readonly value: number | undefined;
  readonly floor: number;
}

/**
 * Compares what was measured with the floors. For a goal with an upper bound the floor is the most
 * that it may be. A floor whose goal was not measured is a breach as well: a measurement that no
 * longer runs must not pass for one that holds.
 * @param asked whether the run was to measure the goal with this key
 */
export function compareWithFloors(
  results: Readonly<Record<string, GoalResult>>,
  floors: Readonly<Record<string, number>>,
  asked: (key: string) => boolean = () => true,
): Breach[] {
  return Object.entries(floors).flatMap(([key, floor]): Breach[] => {
    if (!asked(key)) return [];
    const result = results[key];
    if (result === undefined) return [{ key, value: undefined, floor }];
    const { value } = result;
    const holds = result.atMost === undefined ? value >= floor : value <= floor;
    return holds ? [] : [{ key, value, floor }];
  });
}

export function breachText({ key, value, floor }: Breach): string {
  return value === undefined
    ? `${key} was not measured; its floor is ${floor}`
    : `${key} is ${value}; its floor is ${floor}`;
}

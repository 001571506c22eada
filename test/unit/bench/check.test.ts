import { describe, expect, test } from 'vitest';
import { breachText, compareWithFloors } from '../../bench/check.js';
import type { GoalResult } from '../../bench/goals.js';

const ratio = (value: number): GoalResult => ({
  ...{ value, unit: 'ratio', atLeast: 1.1, holds: value >= 1.1 },
});
const lost = (value: number): GoalResult => ({
  ...{ value, unit: 'packets', atMost: 0, holds: value === 0 },
});

describe('the regression guard', () => {
  test('a goal may be missed as long as its floor holds', () => {
    expect(compareWithFloors({ a: ratio(0.91), b: lost(2) }, { a: 0.9, b: 2 })).toEqual([]);
  });

  test('below a floor, or above one of a goal with an upper bound', () => {
    expect(compareWithFloors({ a: ratio(0.89), b: lost(3) }, { a: 0.9, b: 2 })).toEqual([
      { key: 'a', value: 0.89, floor: 0.9 },
      { key: 'b', value: 3, floor: 2 },
    ]);
  });

  test('what is not a number holds no floor', () => {
    expect(compareWithFloors({ a: ratio(Number.NaN) }, { a: 0.9 })).toHaveLength(1);
  });

  test('what could not be measured is a breach, what was not asked for is none', () => {
    expect(compareWithFloors({}, { a: 0.9 })).toEqual([{ key: 'a', value: undefined, floor: 0.9 }]);
    expect(compareWithFloors({}, { a: 0.9 }, () => false)).toEqual([]);
  });

  test('a breach says what is and what was to be', () => {
    expect(breachText({ key: 'a / b', value: 0.8, floor: 0.9 })).toBe(
      'a / b is 0.8; its floor is 0.9',
    );
    expect(breachText({ key: 'a / b', value: undefined, floor: 0.9 })).toBe(
      'a / b was not measured; its floor is 0.9',
    );
  });
});

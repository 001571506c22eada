import { describe, expect, test } from 'vitest';
import { median, pairedRatio, quantile, significant, spreadOf } from '../../bench/statistics.js';

describe('statistics of the benchmark', () => {
  test('the median is the middle, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 9, 2])).toBe(3);
    expect(median([])).toBeNaN();
  });

  test('a quantile is a value that was measured', () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect(quantile(values, 0.5)).toBe(100);
    expect(quantile(values, 0.99)).toBe(198);
    expect(quantile(values, 1)).toBe(200);
    expect(quantile(values, 0)).toBe(1);
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('ratios are taken within each round: what slows both of a round changes nothing', () => {
    expect(pairedRatio([100, 20, 90], [50, 10, 45])).toBe(2);
    expect(pairedRatio([100, 20], [50, 10, 45])).toBe(2);
    expect(pairedRatio([], [1])).toBeNaN();
  });

  test('the spread is the slowest and the fastest round', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ min: 1, max: 3 });
  });

  test('figures keep the digits that mean something', () => {
    expect(significant(1234567.8)).toBe(1235000);
    expect(significant(0.123456)).toBe(0.1235);
    expect(significant(Number.NaN)).toBeNaN();
  });
});

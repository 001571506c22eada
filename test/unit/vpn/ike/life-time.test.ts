import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeLifeTime, safeVolume } from '../../../../src/vpn/ike/life-time.js';

test.each([
  [30, { renew: 20, spread: 2, end: 30 }],
  [60, { renew: 50, spread: 5, end: 60 }],
  [3600, { renew: 3240, spread: 324, end: 3600 }],
  [28_800, { renew: 25_920, spread: 2592, end: 28_800 }],
])('%i seconds', (seconds, expected) => expect(safeLifeTime(seconds)).toEqual(expected));

test('a new SA comes before the old one ends, and the old one never outlives its limit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 172_799 }), (seconds) => {
      const { renew, spread, end } = safeLifeTime(seconds);
      expect(end).toBe(seconds);
      expect(renew).toBeLessThan(end);
      expect(renew - spread).toBeGreaterThan(0);
      // charon adds the time from renewal to end to the moment that it has drawn.
      expect(renew + (end - renew)).toBeLessThanOrEqual(seconds);
    }),
  );
});

test('of traffic a tenth is kept for the replacement', () => {
  expect(safeVolume(1_048_576)).toEqual({ renew: 943_718, spread: 94_371, end: 1_048_576 });
});

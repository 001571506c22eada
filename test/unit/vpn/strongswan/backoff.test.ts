import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../../src/vpn/strongswan/backoff.js';

const REDIAL = { firstMs: 1_000, longestMs: 8_000 };

describe('backoffMs', () => {
  it('doubles up to the longest', () => {
    expect([1, 2, 3, 4, 5, 50, 5000].map((failures) => backoffMs(REDIAL, failures, 0))).toEqual([
      1000, 2000, 4000, 8000, 8000, 8000, 8000,
    ]);
  });

  it('takes away at most half', () => {
    fc.assert(
      fc.property(
        fc.nat(100),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, random) => {
          const full = backoffMs(REDIAL, failures, 0);
          const delay = backoffMs(REDIAL, failures, random);
          expect(delay).toBeLessThanOrEqual(full);
          expect(delay).toBeGreaterThanOrEqual(full / 2);
        },
      ),
    );
  });
});

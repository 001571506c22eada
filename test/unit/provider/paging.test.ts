import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takePage } from '../../../provider/paging.js';

const ascending = (a: number, b: number): number => a - b;
const numbers = fc.uniqueArray(fc.integer(), { maxLength: 200 });
const limits = fc.integer({ min: 1, max: 20 });

describe('takePage', () => {
  it('takes the first ones in order, and knows whether more follow', () => {
    fc.assert(
      fc.property(
        numbers,
        limits,
        fc.option(fc.integer(), { nil: undefined }),
        (all, limit, after) => {
          const wanted = all
            .toSorted(ascending)
            .filter((item) => after === undefined || item > after);
          expect(takePage(all, ascending, limit, after)).toEqual({
            items: wanted.slice(0, limit),
            more: wanted.length > limit,
          });
        },
      ),
    );
  });

  it('loses and repeats nothing while objects come and go between pages', () => {
    fc.assert(
      fc.property(numbers, numbers, limits, (stay, passing, limit) => {
        const seen: number[] = [];
        let after: number | undefined;
        for (let page = 0; ; page++) {
          const now = new Set([...stay, ...(page % 2 === 0 ? passing : [])]);
          const { items, more } = takePage(now, ascending, limit, after);
          seen.push(...items);
          after = items.at(-1);
          if (!more) break;
        }
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen).toEqual(expect.arrayContaining(stay));
      }),
    );
  });
});

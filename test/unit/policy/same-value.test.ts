import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KEEP_SECRET, Secret } from '../../../src/model/secret.js';
import { sameValue } from '../../../src/policy/same-value.js';

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(1, 2, 1n, 'a', true, null),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('x', 'y'), tie('value'), { noNullPrototype: true }),
  ),
})).value;

it('agrees with deep equality', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      expect(sameValue(a, b)).toBe(isDeepStrictEqual(a, b));
      expect(sameValue(a, structuredClone(a))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

it('takes a field that is absent for one that is undefined', () => {
  expect(sameValue({ a: 1 }, { a: 1, b: undefined })).toBe(true);
  expect(sameValue({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(sameValue({ a: 1 }, { a: 1, b: 0 })).toBe(false);
});

it('knows secrets apart by their text, and from all else', () => {
  const of = (text: string) => ({ method: 'psk', secret: new Secret(text) });
  expect(sameValue(of('a'), of('a'))).toBe(true);
  expect(sameValue(of('a'), of('b'))).toBe(false);
  expect(sameValue({ secret: KEEP_SECRET }, of(''))).toBe(false);
  expect(sameValue({ secret: new Secret('a') }, { secret: {} })).toBe(false);
  expect(sameValue({ secret: {} }, { secret: new Secret('a') })).toBe(false);
});

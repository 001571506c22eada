import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ipv4FromNumber, ipv6FromBigint } from '../../../../src/net/ip.js';
import { maskAddress, prefixesOverlap, type Prefix } from '../../../../src/net/prefix.js';
import { findOverlaps } from '../../../../src/policy/validate/overlaps.js';

/** Prefixes that share their first bits, so that many overlap. */
const prefixes: fc.Arbitrary<Prefix> = fc.oneof(
  fc.tuple(fc.nat(0xff), fc.integer({ min: 22, max: 32 })).map(([low, length]) => ({
    address: maskAddress(ipv4FromNumber(0xc0a80000 + low * 4), length),
    length,
  })),
  fc.tuple(fc.nat(0xff), fc.integer({ min: 118, max: 128 })).map(([low, length]) => ({
    address: maskAddress(ipv6FromBigint((0x20010db8n << 96n) + BigInt(low) * 4n), length),
    length,
  })),
);

it('finds, for every prefix that another contains, such another', () => {
  fc.assert(
    fc.property(fc.array(prefixes, { maxLength: 12 }), (list) => {
      const entries = list.map((prefix, at) => ({ prefix, at }));
      const found = findOverlaps(entries);
      for (const { outer, inner } of found) {
        expect(outer).not.toBe(inner);
        expect(prefixesOverlap(outer.prefix, inner.prefix)).toBe(true);
      }
      const inner = new Set(found.map((pair) => pair.inner));
      expect(inner.size).toBe(found.length);
      // Those that are inner to none overlap none of each other.
      const rest = entries.filter((entry) => !inner.has(entry));
      for (const a of rest)
        for (const b of rest) if (a !== b) expect(prefixesOverlap(a.prefix, b.prefix)).toBe(false);
    }),
  );
});

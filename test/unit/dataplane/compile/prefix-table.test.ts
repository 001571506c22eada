import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prefixTable } from '../../../../src/dataplane/compile/prefix-table.js';
import type { IpAddress, Ipv4, Ipv6 } from '../../../../src/net/ip.js';
import { parseIp } from '../../../../src/net/ip.js';
import {
  maskAddress,
  parsePrefix,
  prefixContains,
  type Prefix,
} from '../../../../src/net/prefix.js';

/** Few networks, so that prefixes nest and addresses hit them. */
const address: fc.Arbitrary<IpAddress> = fc.oneof(
  fc.integer({ min: 0, max: 0xff }).map((low) => (0x0a_00_00_00 + low * 0x0101_01) as Ipv4),
  fc.bigInt({ min: 0n, max: 0xffn }).map((low) => ((0xfdn << 120n) + (low << 60n) + low) as Ipv6),
);
const prefix: fc.Arbitrary<Prefix> = fc
  .tuple(address, fc.integer({ min: 0, max: 128 }))
  .map(([base, bits]) => {
    const length = typeof base === 'number' ? bits % 33 : bits;
    return { address: maskAddress(base, length), length };
  });

describe('prefixTable', () => {
  it('finds what a search through all prefixes finds', () => {
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 12 }), address, (prefixes, wanted) => {
        const table = prefixTable(prefixes.map((each, index) => [each, index] as const));
        let best: number | undefined;
        prefixes.forEach((each, index) => {
          const longer = best === undefined || each.length > (prefixes[best]?.length ?? -1);
          if (prefixContains(each, wanted) && longer) best = index;
        });
        expect(table.longestMatch(wanted)).toBe(best);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the families apart', () => {
    const table = prefixTable([[parsePrefix('0.0.0.0/0'), 'four']]);
    expect(table.longestMatch(parseIp('::'))).toBeUndefined();
    expect(table.longestMatch(parseIp('255.255.255.255'))).toBe('four');
  });

  it('keeps the first of two equal prefixes', () => {
    const table = prefixTable([
      [parsePrefix('10.0.0.0/8'), 'first'],
      [parsePrefix('10.0.0.0/8'), 'second'],
    ]);
    expect(table.longestMatch(parseIp('10.1.2.3'))).toBe('first');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { transitAddresses } from '../../../../src/dataplane/compile/transit.js';
import { formatIp, parseIp } from '../../../../src/net/ip.js';
import { parsePrefix, prefixContains } from '../../../../src/net/prefix.js';

const V4 = parseIp('203.0.113.10');
const V6 = parseIp('2001:db8::10');

function sharesOf(count: number): Map<string, typeof V4> {
  return new Map(Array.from({ length: count }, (_, n) => [`domain ${n}`, n % 2 === 0 ? V4 : V6]));
}

describe('transitAddresses', () => {
  it('gives each share an address of its own, in the family of what is shared', () => {
    const shares = sharesOf(4000);
    const addresses = transitAddresses(shares);
    expect(addresses.size).toBe(4000);
    expect(new Set(addresses.values()).size).toBe(4000);
    for (const [key, address] of addresses) expect(typeof address).toBe(typeof shares.get(key));
  });

  it('stays in 169.254.1.0 to 169.254.254.255, without network ends and cloud metadata', () => {
    for (const address of transitAddresses(sharesOf(8000)).values()) {
      if (typeof address !== 'number') continue;
      expect(prefixContains(parsePrefix('169.254.0.0/16'), address)).toBe(true);
      const text = formatIp(address);
      expect(text).not.toMatch(/^169\.254\.(0|255)\.|\.(0|255)$/);
      expect(text).not.toBe('169.254.169.254');
    }
  });

  it('does not depend on the order of the shares', () => {
    const shares = [...sharesOf(60)];
    const expected = transitAddresses(new Map(shares));
    fc.assert(
      fc.property(fc.shuffledSubarray(shares, { minLength: shares.length }), (shuffled) => {
        expect(transitAddresses(new Map(shuffled))).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses more shares than there is room for', () => {
    expect(() => transitAddresses(sharesOf(65_000))).toThrow(/shared 65000 times/);
  });
});

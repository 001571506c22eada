import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressSet, mapOf, prefixSet, renderTable } from '../../../src/dataplane/nft-text.js';
import { ipv4FromNumber, parseIp } from '../../../src/net/ip.js';
import { maskAddress, parsePrefix } from '../../../src/net/prefix.js';

test('one address stands alone, more are a sorted set without doubles', () => {
  expect(addressSet([parseIp('10.0.0.10')])).toBe('10.0.0.10');
  expect(addressSet(['10.0.0.10', '10.0.0.9', '10.0.0.10'].map(parseIp))).toBe(
    '{ 10.0.0.9, 10.0.0.10 }',
  );
});

test.each([
  [['10.0.0.0/24'], '10.0.0.0/24'],
  [['10.0.0.0/24', '10.0.1.0/24'], '10.0.0.0/23'],
  [['10.0.1.0/24', '10.0.2.0/24'], '10.0.1.0-10.0.2.255'],
  [['10.0.0.0/24', '10.0.0.7/32'], '10.0.0.0/24'],
  [['10.0.0.0/24', '203.0.113.9/32', '203.0.113.8/32'], '{ 10.0.0.0/24, 203.0.113.8/31 }'],
  [['203.0.113.9/32', '203.0.113.8/32'], '{ 203.0.113.8, 203.0.113.9 }'],
  [['0.0.0.0/0', '10.0.0.0/8'], '0.0.0.0/0'],
  [['240.0.0.0/4', '10.0.0.1/32'], '{ 10.0.0.1, 240.0.0.0/4 }'],
  [['2001:db8::/64', '2001:db8:0:1::/64'], '2001:db8::/63'],
])('%j become %s', (prefixes, text) => {
  expect(prefixSet(prefixes.map(parsePrefix))).toBe(text);
});

test('an address is in the text of prefixes exactly when it is in one of them', () => {
  const prefixes = fc
    .tuple(fc.integer({ min: 0, max: 0xff }), fc.integer({ min: 24, max: 31 }))
    .map(([low, length]) => ({ address: maskAddress(ipv4FromNumber(low), length), length }));
  fc.assert(
    fc.property(fc.array(prefixes, { minLength: 1, maxLength: 6 }), (some) => {
      const text = prefixSet(some);
      for (let low = 0; low < 0x200; low++) {
        const inPrefixes = some.some(
          ({ address, length }) => maskAddress(ipv4FromNumber(low), length) === address,
        );
        expect(isIn(text, low)).toBe(inPrefixes);
      }
    }),
    { numRuns: 50 },
  );
});

function isIn(text: string, low: number): boolean {
  return text
    .replace(/[{}]/g, '')
    .split(',')
    .some((element) => {
      const [first = '', last = first] = element.trim().split('-');
      if (!first.includes('/'))
        return Number(parseIp(first)) <= low && low <= Number(parseIp(last));
      const { address, length } = parsePrefix(first);
      return maskAddress(ipv4FromNumber(low), length) === address;
    });
}

test('a map is written on one line', () => {
  expect(
    mapOf([
      ['80', '169.254.9.1'],
      ['443', '169.254.9.2'],
    ]),
  ).toBe('{ 80 : 169.254.9.1, 443 : 169.254.9.2 }');
});

test('a table has a blank line between its parts and none at its end', () => {
  const text = renderTable(
    'nvgate',
    [{ name: 'calls', lines: ['type ipv4_addr'] }],
    [{ name: 'forward', hook: 'type filter hook forward priority filter;', rules: ['drop'] }],
  );
  expect(text).toBe(
    [
      'table inet nvgate {',
      '\tset calls {',
      '\t\ttype ipv4_addr',
      '\t}',
      '',
      '\tchain forward {',
      '\t\ttype filter hook forward priority filter;',
      '\t\tdrop',
      '\t}',
      '}',
    ].join('\n'),
  );
});

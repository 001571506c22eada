import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBits, formatIp, parseIp, type Ipv4, type Ipv6 } from '../../../src/net/ip.js';
import {
  broadcastAddress,
  defaultPrefix,
  firstHost,
  formatPrefix,
  hostPrefix,
  maskAddress,
  parsePrefix,
  prefixContains,
  prefixesOverlap,
  type Prefix,
} from '../../../src/net/prefix.js';

const prefixes: fc.Arbitrary<Prefix> = fc
  .oneof(
    fc.tuple(
      fc.integer({ min: 0, max: 0xffffffff }).map((n) => n as Ipv4),
      fc.nat(32),
    ),
    fc.tuple(
      fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((n) => n as Ipv6),
      fc.nat(128),
    ),
  )
  .map(([address, length]) => ({ address: maskAddress(address, length), length }));

describe('parsePrefix', () => {
  it('says what to write when host bits are set', () => {
    expect(() => parsePrefix('192.168.1.5/24')).toThrow('Write 192.168.1.0/24.');
  });

  it.each([
    '192.168.1.0',
    '192.168.1.0/33',
    '192.168.1.0/',
    '/24',
    '::/129',
    '10.0.0.0/-1',
    '10.0.0.0/1e1',
  ])('refuses %j', (text) => expect(() => parsePrefix(text)).toThrow());

  it('reads what formatPrefix writes', () => {
    fc.assert(
      fc.property(prefixes, (prefix) => {
        expect(parsePrefix(formatPrefix(prefix))).toEqual(prefix);
      }),
    );
  });
});

describe('containment', () => {
  it('a prefix holds its own address and its first host', () => {
    fc.assert(
      fc.property(prefixes, (prefix) => {
        expect(prefixContains(prefix, prefix.address)).toBe(true);
        expect(prefixContains(prefix, firstHost(prefix))).toBe(true);
      }),
    );
  });

  it('overlap is symmetrical, and means that one holds the other’s address', () => {
    fc.assert(
      fc.property(prefixes, prefixes, (a, b) => {
        expect(prefixesOverlap(a, b)).toBe(prefixesOverlap(b, a));
        expect(prefixesOverlap(a, b)).toBe(
          prefixContains(a, b.address) || prefixContains(b, a.address),
        );
      }),
    );
  });

  it('families do not meet', () => {
    expect(prefixContains(defaultPrefix(4), parseIp('::'))).toBe(false);
    expect(prefixContains(defaultPrefix(6), parseIp('0.0.0.0'))).toBe(false);
  });

  it('/32 and /128 hold one address', () => {
    for (const text of ['10.0.0.7', '2001:db8::7']) {
      const address = parseIp(text);
      const prefix = hostPrefix(address);
      expect(prefix.length).toBe(addressBits(address));
      expect(prefixContains(prefix, address)).toBe(true);
    }
    expect(prefixContains(hostPrefix(parseIp('10.0.0.7')), parseIp('10.0.0.6'))).toBe(false);
  });
});

it.each([
  ['192.168.1.0/24', '192.168.1.1', '192.168.1.255'],
  ['10.0.0.0/8', '10.0.0.1', '10.255.255.255'],
  ['192.168.1.8/30', '192.168.1.9', '192.168.1.11'],
  ['192.168.1.8/31', '192.168.1.8', undefined],
  ['192.168.1.8/32', '192.168.1.8', undefined],
  ['0.0.0.0/0', '0.0.0.1', '255.255.255.255'],
  ['2001:db8::/64', '2001:db8::1', undefined],
  ['2001:db8::4/127', '2001:db8::4', undefined],
])('%s: first host %s, broadcast %s', (text, first, broadcast) => {
  const prefix = parsePrefix(text);
  expect(formatIp(firstHost(prefix))).toBe(first);
  const found = broadcastAddress(prefix);
  expect(found === undefined ? undefined : formatIp(found)).toBe(broadcast);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareIp,
  formatIp,
  ipFromBytes,
  ipKey,
  ipToBytes,
  isLimitedBroadcast,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
  parseIp,
  parseIpv4,
  type Ipv4,
  type Ipv6,
} from '../../../src/net/ip.js';

const ipv4 = fc.integer({ min: 0, max: 0xffffffff }).map((value) => value as Ipv4);
const ipv6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value) => value as Ipv6);
const ips = fc.oneof(ipv4, ipv6);

describe('parseIp', () => {
  it('reads both families', () => {
    expect(parseIp('192.168.1.1')).toBe(0xc0a80101);
    expect(parseIp('2001:db8::1')).toBe(0x20010db8_00000000_00000000_00000001n);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '0x7f.1.1.1',
    '1.2.3.4 ',
    'fe80::1%eth0',
    'abc',
    ':::',
  ])('refuses %j', (text) => expect(() => parseIp(text)).toThrow(/Write/));

  it('refuses IPv6 where IPv4 is wanted', () => {
    expect(() => parseIpv4('::1')).toThrow(/not an IPv4 address/);
  });

  it('reads what formatIp writes', () => {
    fc.assert(
      fc.property(ips, (address) => {
        expect(parseIp(formatIp(address))).toBe(address);
      }),
    );
  });
});

it('bytes and back', () => {
  fc.assert(
    fc.property(ips, (address) => {
      expect(ipFromBytes(ipToBytes(address))).toBe(address);
    }),
  );
  expect(ipToBytes(parseIp('10.1.2.3'))).toEqual(Uint8Array.of(10, 1, 2, 3));
  expect(() => ipFromBytes(new Uint8Array(5))).toThrow(/4 or 16 bytes/);
});

it('keys tell addresses of equal number apart', () => {
  expect(ipKey(0 as Ipv4)).not.toBe(ipKey(0n as Ipv6));
  fc.assert(
    fc.property(ips, ips, (a, b) => {
      expect(ipKey(a) === ipKey(b)).toBe(a === b);
    }),
  );
});

it('orders IPv4 before IPv6, then by value', () => {
  const addresses = ['2001:db8::2', '10.0.0.2', '::', '200.0.0.1', '10.0.0.1'].map(parseIp);
  expect(addresses.toSorted(compareIp).map(formatIp)).toEqual([
    '10.0.0.1',
    '10.0.0.2',
    '200.0.0.1',
    '::',
    '2001:db8::2',
  ]);
});

describe('kinds of address', () => {
  it.each([
    [
      isMulticast,
      ['224.0.0.1', '239.255.255.255', 'ff02::1'],
      ['223.255.255.255', '240.0.0.1', 'fe80::1'],
    ],
    [isLoopback, ['127.0.0.1', '127.255.0.1', '::1'], ['128.0.0.1', '::2']],
    [isLinkLocal, ['169.254.254.254', 'fe80::1', 'febf::1'], ['169.253.0.1', 'fec0::1']],
    [isUnspecified, ['0.0.0.0', '::'], ['0.0.0.1', '::1']],
    [isLimitedBroadcast, ['255.255.255.255'], ['255.255.255.254', 'ff02::1']],
  ] as const)('%o', (predicate, members, others) => {
    for (const member of members) expect(predicate(parseIp(member)), member).toBe(true);
    for (const other of others) expect(predicate(parseIp(other)), other).toBe(false);
  });
});

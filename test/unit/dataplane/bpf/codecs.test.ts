import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  customerRouteCodec,
  lookupRecordCodec,
  providerPeerCodec,
  virtualSubnetCodec,
  counterCodec,
} from '../../../../src/dataplane/bpf/codecs.js';
import type { MapCodec } from '../../../../src/dataplane/bpf/map.js';
import { parseIp, type Ipv4, type Ipv6 } from '../../../../src/net/ip.js';
import { parseMac, type MacAddress } from '../../../../src/net/mac.js';

const ipv4 = fc.integer({ min: 0, max: 0xffffffff }).map((value) => value as Ipv4);
const ipv6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value) => value as Ipv6);
const macAddress = fc.integer({ min: 0, max: 0xffff_ffff_ffff }).map((n) => n as MacAddress);
const ifindex = fc.integer({ min: 1, max: 0x7fffffff });
const vsid = fc.integer({ min: 4097, max: 16_777_214 });
const domainAddress = fc.record({ routingDomain: ifindex, address: fc.oneof(ipv4, ipv6) });

/** A key and a value, written somewhere and read back. */
function expectRoundTrip<Key, Value>(
  codec: MapCodec<Key, Value>,
  keys: fc.Arbitrary<Key>,
  values: fc.Arbitrary<Value>,
): void {
  fc.assert(
    fc.property(keys, values, fc.nat(8), (key, value, at) => {
      const keyBytes = Buffer.alloc(at + codec.keySize, 0xaa);
      const valueBytes = Buffer.alloc(at + codec.valueSize);
      codec.writeKey(key, keyBytes, at);
      codec.writeValue(value, valueBytes, at);
      expect(codec.readKey(keyBytes, at)).toEqual(key);
      expect(codec.readValue(valueBytes, at)).toEqual(value);
    }),
  );
}

describe('what is written into a map is read back', () => {
  it('virtual_subnets', () =>
    expectRoundTrip(
      virtualSubnetCodec,
      vsid,
      fc.record({
        routingDomain: ifindex,
        underlay: ifindex,
        providerAddress: ipv4,
        sourceMac: macAddress,
        gatewayMac: macAddress,
        onLinkLength: fc.integer({ min: 0, max: 32 }),
        externalPeer: ifindex,
        external: ifindex,
        maxLength: fc.integer({ min: 0, max: 0xffff }),
      }),
    ));

  it('lookup_records', () =>
    expectRoundTrip(
      lookupRecordCodec,
      domainAddress,
      fc.record({
        providerAddress: ipv4,
        macAddress,
        local: fc.boolean(),
        onLink: fc.boolean(),
        nat: fc.boolean(),
        maxLength: fc.integer({ min: 0, max: 65_535 }),
        vsid,
      }),
    ));

  it('customer_routes', () =>
    expectRoundTrip(
      customerRouteCodec,
      domainAddress.chain((key) =>
        fc
          .nat(typeof key.address === 'number' ? 32 : 128)
          .map((prefixLength) => ({ ...key, prefixLength })),
      ),
      fc.record({
        providerAddress: ipv4,
        macAddress,
        kind: fc.constantFrom('onLink', 'router', 'multicast'),
        vsid,
      }),
    ));

  it('provider_peers', () =>
    expectRoundTrip(
      providerPeerCodec,
      fc.record({ routingDomain: ifindex, providerAddress: ipv4 }),
      fc.constant(true as const),
    ));
});

it('a record stands in memory as maps.h says, addresses in network order', () => {
  const key = Buffer.alloc(lookupRecordCodec.keySize);
  const value = Buffer.alloc(lookupRecordCodec.valueSize);
  lookupRecordCodec.writeKey({ routingDomain: 7, address: parseIp('192.168.1.101') }, key, 0);
  lookupRecordCodec.writeValue(
    {
      providerAddress: 0x0a010114 as Ipv4,
      macAddress: parseMac('00-15-5D-01-14-04'),
      local: false,
      onLink: true,
      nat: false,
      maxLength: 0,
      vsid: 5001,
    },
    value,
    0,
  );
  expect(key.toString('hex')).toBe('07000080c0a80165000000000000000000000000');
  expect(value.toString('hex')).toBe('0a01011400155d01140402008913000000000000');
});

it('an IPv4 and an IPv6 address with the same first bytes have different keys', () => {
  const one = Buffer.alloc(lookupRecordCodec.keySize);
  const other = Buffer.alloc(lookupRecordCodec.keySize);
  lookupRecordCodec.writeKey({ routingDomain: 7, address: parseIp('32.1.13.184') }, one, 0);
  lookupRecordCodec.writeKey({ routingDomain: 7, address: parseIp('2001:db8::') }, other, 0);
  expect(one.equals(other)).toBe(false);
  expect(one.subarray(4).equals(other.subarray(4))).toBe(true);
});

it('a counter is the sum over the CPUs', () => {
  const codec = counterCodec(3);
  const copies = Buffer.alloc(3 * codec.valueSize);
  [5n, 7n, 11n].forEach((packets, cpu) =>
    codec.writeValue({ packets, bytes: packets * 100n }, copies, cpu * codec.valueSize),
  );
  expect(codec.readValue(copies, 0)).toEqual({ packets: 23n, bytes: 2300n });
});

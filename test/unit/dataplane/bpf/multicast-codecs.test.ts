import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LAYOUT } from '../../../../src/dataplane/bpf/layout.js';
import {
  multicastRouteCodec,
  providerGroupCodec,
  replicationCodec,
} from '../../../../src/dataplane/bpf/multicast-codecs.js';
import type { MapCodec } from '../../../../src/dataplane/bpf/map.js';
import { REPLICATION_MAX } from '../../../../src/model/forwarding-table.js';
import type { Ipv4, Ipv6 } from '../../../../src/net/ip.js';

const ipv4 = fc.integer({ min: 0, max: 0xffffffff }).map((value) => value as Ipv4);
const ipv6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value) => value as Ipv6);
const ifindex = fc.integer({ min: 1, max: 0x7fffffff });
const vsid = fc.integer({ min: 4097, max: 16_777_214 });

/** A key and a value, written over others and read back. */
function expectRoundTrip<Key, Value>(
  codec: MapCodec<Key, Value>,
  keys: fc.Arbitrary<Key>,
  values: fc.Arbitrary<Value>,
): void {
  fc.assert(
    fc.property(keys, values, fc.nat(8), (key, value, at) => {
      const keyBytes = Buffer.alloc(at + codec.keySize, 0xaa);
      const valueBytes = Buffer.alloc(at + codec.valueSize, 0xaa);
      codec.writeKey(key, keyBytes, at);
      codec.writeValue(value, valueBytes, at);
      expect(codec.readKey(keyBytes, at)).toEqual(key);
      expect(codec.readValue(valueBytes, at)).toEqual(value);
    }),
  );
}

it('multicast_routes are read back as written', () =>
  expectRoundTrip(
    multicastRouteCodec,
    fc
      .tuple(vsid, fc.oneof(ipv4, ipv6))
      .chain(([subnet, address]) =>
        fc
          .nat(typeof address === 'number' ? 32 : 128)
          .map((prefixLength) => ({ vsid: subnet, address, prefixLength })),
      ),
    fc.record({ routingDomain: ifindex, group: ipv4 }),
  ));

it('provider_groups are read back as written', () =>
  expectRoundTrip(providerGroupCodec, fc.record({ vsid, group: ipv4 }), ifindex));

it('replications are read back as written', () =>
  expectRoundTrip(
    replicationCodec,
    vsid,
    fc.record({
      routingDomain: ifindex,
      packetsPerSecond: fc.nat(1_000_000),
      leftOut: fc.nat(100_000),
      providerAddresses: fc.array(ipv4, { maxLength: REPLICATION_MAX }),
    }),
  ));

it('a replication that says it has more hosts than fit is read as far as it goes', () => {
  const hosts = Array.from({ length: REPLICATION_MAX }, (_, index) => index as Ipv4);
  const value = { routingDomain: 7, packetsPerSecond: 1, leftOut: 0, providerAddresses: hosts };
  const bytes = Buffer.alloc(replicationCodec.valueSize);
  replicationCodec.writeValue(value, bytes, 0);
  bytes.writeUInt32LE(0xffffffff, LAYOUT.replication.fields.hosts);
  expect(replicationCodec.readValue(bytes, 0)).toEqual(value);
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rewriteCodec } from '../../../../src/dataplane/bpf/rewrite-table.js';
import type { Ipv4 } from '../../../../src/net/ip.js';

const ipv4 = fc.integer({ min: 0, max: 0xffffffff }).map((value) => value as Ipv4);

it('rewrites are read back as written', () => {
  const values = fc.record({
    routingDomain: fc.integer({ min: 1, max: 0x7fffffff }),
    customerAddress: ipv4,
    vsid: fc.integer({ min: 4097, max: 16_777_214 }),
    local: fc.boolean(),
  });
  fc.assert(
    fc.property(ipv4, values, fc.nat(8), (key, value, at) => {
      const keyBytes = Buffer.alloc(at + rewriteCodec.keySize, 0xaa);
      const valueBytes = Buffer.alloc(at + rewriteCodec.valueSize, 0xaa);
      rewriteCodec.writeKey(key, keyBytes, at);
      rewriteCodec.writeValue(value, valueBytes, at);
      expect(rewriteCodec.readKey(keyBytes, at)).toBe(key);
      expect(rewriteCodec.readValue(valueBytes, at)).toEqual(value);
    }),
  );
});

it('a rewrite stands in memory as maps.h says, addresses in network order', () => {
  const key = Buffer.alloc(rewriteCodec.keySize);
  const value = Buffer.alloc(rewriteCodec.valueSize);
  rewriteCodec.writeKey(0x0a01013d as Ipv4, key, 0);
  rewriteCodec.writeValue(
    { routingDomain: 7, customerAddress: 0xc0a8016e as Ipv4, vsid: 5001, local: true },
    value,
    0,
  );
  expect(key.toString('hex')).toBe('0a01013d');
  expect(value.toString('hex')).toBe('07000000c0a8016e8913000001000000');
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/dataplane/compile/compile.js';
import { objectKey, objectValue, type KernelObject } from '../../../src/dataplane/kernel-object.js';
import { CustomerAddress, ProviderAddress } from '../../../src/model/addresses.js';
import { Vsid } from '../../../src/model/vsid.js';
import { parseIpv4 } from '../../../src/net/ip.js';
import { parseMac } from '../../../src/net/mac.js';
import { createObjectIndex, sameValue } from '../../../src/reconcile/object-index.js';
import { CONTRACT_POLICIES } from '../../contract/dataplane.js';
import { BLUE, ENVIRONMENT } from '../../support/policy-of.js';

/** Objects of every kind, many of them with one key and different values. */
const OBJECTS = [CONTRACT_POLICIES.full, CONTRACT_POLICIES.changed].flatMap((policy) =>
  compile(policy, ENVIRONMENT, 'all'),
);
const object = fc.constantFrom(...OBJECTS);

/** Of one address; two of them often differ in one field alone. */
const record = fc
  .record(
    {
      vsid: fc.constantFrom(Vsid(5001), Vsid(5002)),
      macAddress: fc.constantFrom(parseMac('00-15-5D-01-14-01'), parseMac('00-15-5D-01-14-02')),
      providerAddress: fc.constantFrom(
        ProviderAddress(parseIpv4('10.1.1.20')),
        ProviderAddress(parseIpv4('10.1.1.30')),
        undefined,
      ),
      local: fc.boolean(),
      onLink: fc.boolean(),
      maxLength: fc.constantFrom(1358, 1400),
      nat: fc.constant(true as const),
    },
    { requiredKeys: ['vsid', 'macAddress', 'providerAddress', 'local', 'onLink'] },
  )
  .map((value): KernelObject => ({
    kind: 'lookupRecord',
    entry: {
      routingDomain: BLUE,
      customerAddress: CustomerAddress(parseIpv4('192.168.1.101')),
      ...value,
    },
  }));

describe('the object index', () => {
  it('holds what a map by objectKey holds', () => {
    fc.assert(
      fc.property(fc.array(object), fc.array(object), (added, taken) => {
        const index = createObjectIndex();
        const expected = new Map<string, KernelObject>();
        for (const each of added) {
          expect(index.add(each)).toBe(!expected.has(objectKey(each)));
          if (!expected.has(objectKey(each))) expected.set(objectKey(each), each);
        }
        for (const each of taken) {
          expect(index.take(each)).toBe(expected.get(objectKey(each)));
          expected.delete(objectKey(each));
        }
        expect(new Set(index.rest())).toEqual(new Set(expected.values()));
      }),
    );
  });

  it('compares as objectValue does', () => {
    const index = createObjectIndex();
    for (const each of OBJECTS) index.add(each);
    let different = 0;
    for (const each of OBJECTS) {
      const other = index.take(each);
      if (other === undefined) continue;
      index.add(other);
      expect(sameValue(other, each)).toBe(objectValue(other) === objectValue(each));
      if (!sameValue(other, each)) different++;
    }
    expect(different).toBeGreaterThan(0);
  });

  it('compares lookup records as objectValue does, whatever they differ in', () => {
    fc.assert(
      fc.property(record, record, (a, b) => {
        expect(sameValue(a, b)).toBe(objectValue(a) === objectValue(b));
      }),
    );
  });
});

import { describe, expect, test } from 'vitest';
import type { ChangeDocument } from '../../../provider/change-schemas.js';
import { translateChanges } from '../../../provider/translate/index.js';
import {
  domainChanges,
  linesOf,
  natAddress,
  natChanges,
  oneDomainChanges,
  recordAddress,
  recordChanges,
  subnetChanges,
} from '../../bench/control/policy-lines.js';

const DEVICES = { underlay: ['underlay'], external: ['external'] };

const records = (changes: readonly ChangeDocument[]) =>
  changes.flatMap((change) =>
    change.kind === 'lookupRecord'
      ? [`${change.routingDomainId}/${change.value.vsid}/${change.value.customerAddress}`]
      : [],
  );

describe('policies of any size', () => {
  test.each([
    ['routing domains', [...domainChanges(3)]],
    ['records', [...recordChanges(600, 3)]],
    ['one large domain', [...oneDomainChanges(300)]],
    ['VM networks with NAT', [...natChanges(300)]],
    ['virtual subnets', [...subnetChanges(200, 2)]],
  ])('%s are what the provider API takes', (_, changes) => {
    expect(translateChanges({ changes }, DEVICES).problems).toEqual([]);
  });

  test('each record is there once, as many in each routing domain', () => {
    const all = records([...recordChanges(900, 3)]);
    expect(new Set(all).size).toBe(900);
    expect(all.filter((each) => each.includes('/10000/'))).toHaveLength(300);
    expect(new Set(records([...oneDomainChanges(70_000)])).size).toBe(70_000);
  });

  test('addresses go on where a byte is full, and never are the gateway’s own', () => {
    expect([0, 253, 254, 65_533, 65_534].map(recordAddress)).toEqual([
      ...['10.0.0.2', '10.0.0.255', '10.0.1.0', '10.0.255.255', '10.1.0.0'],
    ]);
    expect([0, 255, 256, 999].map(natAddress)).toEqual([
      ...['198.18.4.0', '198.18.4.255', '198.18.5.0', '198.18.7.231'],
    ]);
  });

  test('a body is NDJSON in few pieces', () => {
    const body = linesOf(recordChanges(2_500, 5));
    expect(body).toHaveLength(3);
    const lines = Buffer.concat(body).toString().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([...recordChanges(2_500, 5)]);
  });
});

import { describe, expect, it } from 'vitest';
import { NvgateError } from '../../../src/errors.js';
import { ConnectionId } from '../../../src/model/connection.js';
import { flowIdOf } from '../../../src/model/flow-id.js';
import { RoutingDomainId } from '../../../src/model/routing-domain-id.js';
import { isVsid, Vsid, VSID_MAX, VSID_MIN, VSID_RESERVED } from '../../../src/model/vsid.js';

describe('Vsid (N4)', () => {
  it.each([VSID_MIN, 5001, VSID_MAX])('takes %i', (value) => expect(Vsid(value)).toBe(value));

  it.each([0, 1, 4096, VSID_RESERVED, VSID_RESERVED + 1, -1, 5001.5, Number.NaN])(
    'refuses %d',
    (value) => {
      expect(isVsid(value)).toBe(false);
      expect(() => Vsid(value)).toThrow(NvgateError);
    },
  );

  it('says of 16777215 that it is reserved', () => {
    expect(() => Vsid(VSID_RESERVED)).toThrow(/reserved/);
  });
});

describe('RoutingDomainId', () => {
  it.each([
    '11111111-2222-3333-4444-00000000ABCD',
    '{11111111-2222-3333-4444-00000000abcd}',
    '11111111-2222-3333-4444-00000000abcd',
  ])('reads %s', (text) =>
    expect(RoutingDomainId(text)).toBe('11111111-2222-3333-4444-00000000abcd'),
  );

  it.each([
    '',
    'blue',
    '{11111111-2222-3333-4444-00000000abcd',
    '11111111-2222-3333-4444-00000000abc',
  ])('refuses %j', (text) => expect(() => RoutingDomainId(text)).toThrow(/UUID/));
});

it.each(['internet', 'a', 'A-1_b.c'])('ConnectionId takes %s', (text) =>
  expect(ConnectionId(text)).toBe(text),
);

it.each(['', '-a', 'a/b', 'a b', 'x'.repeat(64)])('ConnectionId refuses %j', (text) =>
  expect(() => ConnectionId(text)).toThrow(/connection id/),
);

it('every bit of the hash changes the FlowID', () => {
  for (let bit = 0; bit < 32; bit++) {
    const flipped = flowIdOf((0x12345678 ^ (1 << bit)) >>> 0);
    expect(flipped, `bit ${bit}`).not.toBe(flowIdOf(0x12345678));
    expect(flipped).toBeGreaterThanOrEqual(0);
    expect(flipped).toBeLessThan(256);
  }
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  formatMac,
  formatMacColons,
  isGroupMac,
  macFromBytes,
  macToBytes,
  parseMac,
  type MacAddress,
} from '../../../src/net/mac.js';

const macs = fc.integer({ min: 0, max: 0xffff_ffff_ffff }).map((value) => value as MacAddress);

it.each(['00155D011404', '00-15-5D-01-14-04', '00:15:5d:01:14:04'])('reads %s', (text) => {
  expect(formatMac(parseMac(text))).toBe('00-15-5D-01-14-04');
  expect(formatMacColons(parseMac(text))).toBe('00:15:5d:01:14:04');
});

it.each([
  '',
  '00155D0114',
  '00-15:5D-01-14-04',
  '00-15-5D-01-14-0G',
  '0-15-5D-01-14-04',
  '00155D01140404',
])('refuses %j', (text) => expect(() => parseMac(text)).toThrow(/00-15-5D-01-14-04/));

it('text and bytes, and back', () => {
  fc.assert(
    fc.property(macs, fc.nat(5), (mac, offset) => {
      expect(parseMac(formatMac(mac))).toBe(mac);
      const frame = new Uint8Array(offset + 6);
      frame.set(macToBytes(mac), offset);
      expect(macFromBytes(frame, offset)).toBe(mac);
    }),
  );
});

it('knows the group bit', () => {
  expect(isGroupMac(parseMac('01-00-5E-00-00-01'))).toBe(true);
  expect(isGroupMac(parseMac('FF-FF-FF-FF-FF-FF'))).toBe(true);
  expect(isGroupMac(parseMac('00-15-5D-01-14-04'))).toBe(false);
  expect(isGroupMac(parseMac('02-00-00-00-00-01'))).toBe(false);
});

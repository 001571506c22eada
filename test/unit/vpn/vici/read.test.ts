import { describe, expect, it } from 'vitest';
import { NvgateError } from '../../../../src/errors.js';
import { decodeMessage, encodeMessage } from '../../../../src/vpn/vici/message.js';
import {
  flagOf,
  listOf,
  numberOf,
  sectionOf,
  sectionsOf,
  textOf,
} from '../../../../src/vpn/vici/read.js';

const message = decodeMessage(
  encodeMessage({
    state: 'ESTABLISHED',
    uniqueid: '7',
    'bytes-in': '18446744073709551615',
    'encap-size': '',
    nat: 'yes',
    up: 'no',
    selectors: ['10.0.0.0/8', '::/0'],
    children: { a: { mode: 'TUNNEL' }, note: 'x', b: {} },
  }),
);

describe('reading a message', () => {
  it('finds values by kind', () => {
    expect(textOf(message, 'state')).toBe('ESTABLISHED');
    expect(numberOf(message, 'uniqueid')).toBe(7);
    expect(numberOf(message, 'bytes-in')).toBe(2 ** 64);
    expect(listOf(message, 'selectors')).toEqual(['10.0.0.0/8', '::/0']);
    expect(textOf(sectionOf(sectionOf(message, 'children'), 'a'), 'mode')).toBe('TUNNEL');
    expect(sectionsOf(sectionOf(message, 'children'))).toEqual([
      ['a', { mode: 'TUNNEL' }],
      ['b', {}],
    ]);
    expect([flagOf(message, 'nat'), flagOf(message, 'up'), flagOf(message, 'none')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('finds nothing where nothing is', () => {
    expect(textOf(message, 'toString')).toBeUndefined();
    expect(numberOf(message, 'none')).toBeUndefined();
    expect(listOf(message, 'none')).toEqual([]);
    expect(sectionOf(message, 'none')).toEqual({});
    expect(textOf(sectionOf(sectionOf(message, 'none'), 'none'), 'constructor')).toBeUndefined();
  });

  it.each<[string, () => unknown, string]>([
    ['a list for text', () => textOf(message, 'selectors'), 'selectors should be text'],
    ['a section for text', () => flagOf(message, 'children'), 'children should be text'],
    ['text for a list', () => listOf(message, 'state'), 'state should be a list'],
    ['a section for a list', () => listOf(message, 'children'), 'children should be a list'],
    ['a list for a section', () => sectionOf(message, 'selectors'), 'should be a section'],
    ['text for a number', () => numberOf(message, 'state'), 'state should be a number'],
    ['nothing for a number', () => numberOf(message, 'encap-size'), 'should be a number'],
  ])('refuses %s', (_, action, reason) => {
    expect(action).toThrow(NvgateError);
    expect(action).toThrow(reason);
    expect(action).not.toThrow('ESTABLISHED');
  });
});

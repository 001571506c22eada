import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NvgateError } from '../../../../src/errors.js';
import {
  decodeMessage,
  DEEPEST_SECTION,
  encodeMessage,
  type ViciInput,
} from '../../../../src/vpn/vici/message.js';
import { messages } from './message-arbitraries.js';

const hex = (digits: string): Buffer => Buffer.from(digits.replace(/\s/g, ''), 'hex');

/** The error's message and code, or that there was none. */
function failure(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof NvgateError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('encodeMessage and decodeMessage', () => {
  const input = { key: 'v', list: ['a', ''], sub: { '': 'x', inner: {} }, none: [] };
  const bytes = hex(`
    03 03 6b6579 0001 76
    04 04 6c697374  05 0001 61  05 0000  06
    01 03 737562  03 00 0001 78  01 05 696e6e6572 02  02
    04 04 6e6f6e65 06`);

  it('speak the format of the wire', () => {
    expect(encodeMessage(input).toString('hex')).toBe(bytes.toString('hex'));
    expect(decodeMessage(bytes)).toEqual(input);
  });

  it('give back every message', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const encoded = encodeMessage(message);
        expect(decodeMessage(encoded)).toEqual(message);
        expect(encodeMessage(decodeMessage(encoded) as ViciInput)).toEqual(encoded);
      }),
    );
  });

  it('keep names that mean something to the language apart from it', () => {
    const decoded = decodeMessage(hex('01 09 5f5f70726f746f5f5f 03 01 78 0001 79 02'));
    expect(Object.keys(decoded)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(decoded)).toBeNull();
    expect(Object.getPrototypeOf(decoded['__proto__'])).toBeNull();
    expect('x' in {}).toBe(false);
    expect(decodeMessage(Buffer.alloc(0))['constructor']).toBeUndefined();
  });

  it('let the last of two equal names count', () => {
    expect(decodeMessage(hex('03 01 61 0001 31  03 01 61 0001 32'))).toEqual({ a: '2' });
  });

  it('read bytes that are not UTF-8 one character each', () => {
    const certificate = Uint8Array.of(0x30, 0x82, 0x00, 0xff);
    const encoded = encodeMessage({ data: certificate, text: 'é', list: [certificate] });
    expect(decodeMessage(encoded)).toEqual({
      data: '0\u0082\u0000ÿ',
      text: 'é',
      list: ['0\u0082\u0000ÿ'],
    });
  });

  it('send just the bytes of a view', () => {
    const view = Buffer.from('secret-rest').subarray(0, 6);
    expect(decodeMessage(encodeMessage({ data: view }))).toEqual({ data: 'secret' });
  });

  it('take the longest name and value, and sections to the limit', () => {
    const longest: ViciInput = { ['n'.repeat(255)]: 'v'.repeat(65_535) };
    expect(decodeMessage(encodeMessage(longest))).toEqual(longest);
    expect(decodeMessage(encodeMessage(nested(DEEPEST_SECTION)))).toEqual(nested(DEEPEST_SECTION));
  });
});

describe('encodeMessage', () => {
  it.each<[string, ViciInput, RegExp]>([
    ['a long value', { a: { key: 's3cret'.repeat(20_000) } }, /a\.key has a value of 120000 bytes/],
    ['a long item', { a: ['s3cret'.repeat(20_000)] }, /a has a value of 120000 bytes/],
    ['a value long in UTF-8', { a: 'é'.repeat(40_000) }, /a value of 80000 bytes/],
    ['a long name', { ['n'.repeat(256)]: 's3cret' }, /a name of 256 bytes/],
    ['a name charon cannot read', { büro: 's3cret' }, /other characters than printable ASCII/],
    ['sections without end', nested(DEEPEST_SECTION + 1), /deeper than 32/],
  ])('refuses %s, and does not repeat it', (_, input, reason) => {
    const said = failure(() => encodeMessage(input));
    expect(said).toMatch(/^invalidValue: /);
    expect(said).toMatch(reason);
    expect(said).not.toContain('s3cret');
  });
});

describe('decodeMessage', () => {
  it.each([
    [
      'a section that ends too often',
      '01 01 61 02 02',
      'the end of a section that has no start',
      4,
    ],
    ['a section without end', '01 01 61 01 01 62', '2 sections without end', 6],
    ['a list without end', '04 01 61 05 0001 78', 'a list item or the end of the list', 7],
    ['a section inside a list', '04 01 61 01 01 62', 'element type 1 inside a list', 3],
    ['an item outside of a list', '05 0001 78', 'element type 5 outside of a list', 0],
    ['an unknown element', '03 01 61 0000 07', 'element type 7', 5],
    ['a name that is cut off', '03 05 6162', 'a name of 5 bytes expected, 2 are left', 2],
    ['a value that is cut off', '03 01 61 ffff 62', 'a value of 65535 bytes expected, 1 are', 5],
    ['half a length', '03 01 61 00', 'the length of a value of 2 bytes expected, 1 are left', 3],
    ['nothing after the type', '03', 'the length of a name', 1],
  ])('refuses %s and says where', (_, digits, what, offset) => {
    const said = failure(() => decodeMessage(hex(digits)));
    expect(said).toContain('vpnDaemonFailed: Malformed VICI message');
    expect(said).toContain(what);
    expect(said).toContain(`(at byte ${offset})`);
  });

  it('refuses sections too deep to walk', () => {
    expect(failure(() => decodeMessage(Buffer.alloc(3 * 100_000, hex('01 01 61'))))).toContain(
      'a section deeper than 32',
    );
  });

  it('refuses every message that is cut off, or reads what is whole of it', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const encoded = encodeMessage(message);
        for (let length = 0; length < encoded.length; length += 1) {
          const said = failure(() =>
            expect(decodeMessage(encoded.subarray(0, length))).not.toEqual(message),
          );
          expect(said).toMatch(/^none$|^vpnDaemonFailed: Malformed VICI message/);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('reads or refuses whatever comes', () => {
    // Mostly small numbers: that is where the element types are.
    const byte = fc.oneof(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 200 }), (bytes) => {
        expect(failure(() => decodeMessage(Uint8Array.from(bytes)))).toMatch(
          /^none$|^vpnDaemonFailed: Malformed VICI message/,
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads or refuses messages with a wrong byte', () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.integer({ min: 0, max: 255 }), (message, at, byte) => {
        const encoded = encodeMessage(message);
        if (encoded.length > 0) encoded[at % encoded.length] = byte;
        expect(failure(() => decodeMessage(encoded))).toMatch(
          /^none$|^vpnDaemonFailed: Malformed VICI message/,
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

function nested(depth: number): ViciInput {
  return depth === 0 ? {} : { s: nested(depth - 1) };
}

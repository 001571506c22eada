import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksumOf, isIntact, sumWords, updateChecksum } from '../../../src/codec/checksum.js';
import { bytesOf } from './bytes.js';

fc.configureGlobal({ seed: 7637 });

const word = fc.integer({ min: 0, max: 0xffff });

describe('sumWords', () => {
  it('adds the example of RFC 1071 section 3', () => {
    expect(sumWords(bytesOf('0001 f203 f4f5 f6f7'), 0, 8)).toBe(0xddf2);
  });

  it('counts an odd last byte as the high half of a word', () => {
    expect(sumWords(bytesOf('0001 ab'), 0, 3)).toBe(0xab01);
  });

  it('folds the largest sum that a packet can have', () => {
    const bytes = new DataView(new Uint8Array(65535).fill(0xff).buffer);
    expect(sumWords(bytes, 0, 65534, 0xffff)).toBe(0xffff);
  });

  it('throws where the bytes end earlier', () => {
    expect(() => sumWords(bytesOf('0001'), 0, 4)).toThrow(RangeError);
  });
});

describe('checksum', () => {
  it('makes bytes intact, and one changed bit shows', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 4, maxLength: 60 }),
        fc.nat(),
        fc.integer({ min: 0, max: 7 }),
        (body, at, bit) => {
          const bytes = new DataView(new Uint8Array([0, 0, ...body]).buffer);
          bytes.setUint16(0, checksumOf(sumWords(bytes, 0, bytes.byteLength)));
          expect(isIntact(sumWords(bytes, 0, bytes.byteLength))).toBe(true);
          const byte = at % bytes.byteLength;
          bytes.setUint8(byte, bytes.getUint8(byte) ^ (1 << bit));
          expect(isIntact(sumWords(bytes, 0, bytes.byteLength))).toBe(false);
        },
      ),
    );
  });
});

describe('updateChecksum', () => {
  it('knows the case that the first version of the equation got wrong (RFC 1624 section 4)', () => {
    expect(updateChecksum(0xdd2f, 0x5555, 0x3285)).toBe(0x0000);
  });

  it('gives what a new checksum over the changed words would be', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 9 }), word, word, (rest, old, next) => {
        // As in any IPv4 header one word is never zero.
        const sumWith = (value: number): number =>
          [0x4500, value, ...rest].reduce((sum, each) => {
            const added = sum + each;
            return (added & 0xffff) + (added >>> 16);
          }, 0);
        const updated = updateChecksum(checksumOf(sumWith(old)), old, next);
        expect(updated).toBe(checksumOf(sumWith(next)));
      }),
    );
  });
});

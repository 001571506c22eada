import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEthernet, readMac, writeEthernet } from '../../../src/codec/ethernet.js';
import { parseMac, type MacAddress } from '../../../src/net/mac.js';
import { bytesOf, dirtyBytes } from './bytes.js';

fc.configureGlobal({ seed: 7637 });

const macs = fc.integer({ min: 0, max: 0xffff_ffff_ffff }).map((value) => value as MacAddress);

describe('Ethernet', () => {
  it('reads a header where it lies', () => {
    expect(readEthernet(bytesOf('ee 00155d011404 021020304050 0800 45'), 1)).toEqual({
      destination: parseMac('00-15-5D-01-14-04'),
      source: parseMac('02-10-20-30-40-50'),
      etherType: 0x0800,
    });
  });

  it('says so when the bytes end one earlier', () => {
    expect(readEthernet(bytesOf('00155d011404 021020304050 08'), 0)).toBeUndefined();
  });

  it('reads what it has written', () => {
    fc.assert(
      fc.property(
        macs,
        macs,
        fc.integer({ min: 0, max: 0xffff }),
        (destination, source, etherType) => {
          const bytes = dirtyBytes(16);
          writeEthernet(bytes, 2, { destination, source, etherType });
          expect(readEthernet(bytes, 2)).toEqual({ destination, source, etherType });
        },
      ),
    );
  });

  it('throws rather than write past the end', () => {
    const header = { destination: 0 as MacAddress, source: 0 as MacAddress, etherType: 0 };
    expect(() => writeEthernet(dirtyBytes(13), 0, header)).toThrow(RangeError);
    expect(() => readMac(bytesOf('0102030405'), 0)).toThrow(RangeError);
  });
});

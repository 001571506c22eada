import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Ipv4Word,
  isIpv4HeaderIntact,
  readIpv4,
  replaceIpv4Word,
  writeIpv4,
} from '../../../src/codec/ipv4.js';
import { parseIpv4, type Ipv4 } from '../../../src/net/ip.js';
import { bytesOf, digitsOf, dirtyBytes } from './bytes.js';

fc.configureGlobal({ seed: 7637 });

const HEADER = '45b9 0052 0000 4000 40 2f 236d 0a010114 0a01012d';
const header = {
  typeOfService: 0xb9,
  totalLength: 82,
  fragmentWord: 0x4000,
  timeToLive: 64,
  protocol: 47,
  source: parseIpv4('10.1.1.20'),
  destination: parseIpv4('10.1.1.45'),
};

const byte = fc.integer({ min: 0, max: 0xff });
const word = fc.integer({ min: 0, max: 0xffff });
const address = fc.integer({ min: 0, max: 0xffff_ffff }).map((value) => value as Ipv4);
const headers = fc.record({
  typeOfService: byte,
  totalLength: word,
  fragmentWord: word,
  timeToLive: byte,
  protocol: byte,
  source: address,
  destination: address,
});

describe('IPv4', () => {
  it('writes a header with its checksum', () => {
    const bytes = dirtyBytes(20);
    writeIpv4(bytes, 0, header);
    const expected = bytesOf(HEADER);
    expect(digitsOf(bytes).slice(0, 20)).toBe(digitsOf(expected).slice(0, 20));
    expect(digitsOf(bytes).slice(24)).toBe(digitsOf(expected).slice(24));
    expect(isIpv4HeaderIntact(bytes, 0)).toBe(true);
  });

  it('verifies the well-known example', () => {
    const example = '4500 0073 0000 4000 40 11 b861 c0a80001 c0a800c7';
    expect(isIpv4HeaderIntact(bytesOf(example), 0)).toBe(true);
    expect(isIpv4HeaderIntact(bytesOf(example.replace('b861', 'b862')), 0)).toBe(false);
  });

  it('gives version and header length as they came, so that the reader judges', () => {
    const bytes = bytesOf(HEADER);
    bytes.setUint8(0, 0x6f);
    expect(readIpv4(bytes, 0)).toMatchObject({ version: 6, headerWords: 15 });
  });

  it('says so when the bytes end one earlier', () => {
    expect(readIpv4(dirtyBytes(24), 5)).toBeUndefined();
    expect(readIpv4(dirtyBytes(25), 5)).toBeDefined();
  });

  it('reads what it has written', () => {
    fc.assert(
      fc.property(headers, (each) => {
        const bytes = dirtyBytes(23);
        writeIpv4(bytes, 3, each);
        expect(readIpv4(bytes, 3)).toEqual({ version: 4, headerWords: 5, ...each });
        expect(isIpv4HeaderIntact(bytes, 3)).toBe(true);
      }),
    );
  });

  it('keeps the checksum right when a word changes', () => {
    fc.assert(
      fc.property(headers, byte, byte, (each, timeToLive, typeOfService) => {
        const bytes = dirtyBytes(20);
        writeIpv4(bytes, 0, each);
        replaceIpv4Word(bytes, 0, Ipv4Word.timeToLive, (timeToLive << 8) | each.protocol);
        replaceIpv4Word(bytes, 0, Ipv4Word.versionAndService, 0x4500 | typeOfService);
        const fresh = dirtyBytes(20);
        writeIpv4(fresh, 0, { ...each, timeToLive, typeOfService });
        expect(digitsOf(bytes)).toBe(digitsOf(fresh));
      }),
    );
  });
});

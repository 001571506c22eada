import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readIpv6,
  replaceHopLimit,
  replaceTrafficClass,
  writeIpv6,
} from '../../../src/codec/ipv6.js';
import { parseIp, type Ipv6 } from '../../../src/net/ip.js';
import { bytesOf, digitsOf, dirtyBytes } from './bytes.js';

fc.configureGlobal({ seed: 7637 });

const SOURCE = '20010db8000100000000000000000101';
const DESTINATION = 'ff0200000000000000000000000000fb';
const HEADER = `6b9abcde 0014 11 40 ${SOURCE} ${DESTINATION}`;

const byte = fc.integer({ min: 0, max: 0xff });
const address = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value) => value as Ipv6);

describe('IPv6', () => {
  it('reads a header', () => {
    expect(readIpv6(bytesOf(HEADER), 0)).toEqual({
      version: 6,
      trafficClass: 0xb9,
      payloadLength: 20,
      nextHeader: 17,
      hopLimit: 64,
      source: parseIp('2001:db8:1::101'),
      destination: parseIp('ff02::fb'),
    });
  });

  it('changes traffic class and hop limit and nothing else', () => {
    const bytes = bytesOf(HEADER);
    replaceTrafficClass(bytes, 0, 0x43);
    replaceHopLimit(bytes, 0, 63);
    expect(digitsOf(bytes)).toBe(
      `643abcde 0014 11 3f ${SOURCE} ${DESTINATION}`.replaceAll(' ', ''),
    );
  });

  it('says so when the bytes end one earlier', () => {
    expect(readIpv6(bytesOf(HEADER.slice(0, -2)), 0)).toBeUndefined();
  });

  it('reads what it has written', () => {
    const headers = fc.record({
      trafficClass: byte,
      payloadLength: fc.integer({ min: 0, max: 0xffff }),
      nextHeader: byte,
      hopLimit: byte,
      source: address,
      destination: address,
    });
    fc.assert(
      fc.property(headers, (header) => {
        const bytes = dirtyBytes(41);
        writeIpv6(bytes, 1, header);
        expect(readIpv6(bytes, 1)).toEqual({ version: 6, ...header });
        expect(bytes.getUint32(1) & 0xf_ffff, 'flow label').toBe(0);
      }),
    );
  });
});

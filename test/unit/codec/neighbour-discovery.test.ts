import { describe, expect, it } from 'vitest';
import { isIcmpv6Intact, isNeighbourDiscovery } from '../../../src/codec/icmpv6.js';
import {
  readNeighbourSolicitation,
  writeNeighbourAdvertisement,
} from '../../../src/codec/neighbour-discovery.js';
import { isIpv6, parseIp, type Ipv6 } from '../../../src/net/ip.js';
import { parseMac } from '../../../src/net/mac.js';
import { bytesOf, digitsOf, dirtyBytes } from './bytes.js';

const TARGET = '20010db8000100000000000000000001';
const SOLICITATION = `87 00 1234 00000000 ${TARGET} 01 01 00155d011404`;

function ipv6(text: string): Ipv6 {
  const address = parseIp(text);
  if (!isIpv6(address)) throw new TypeError(text);
  return address;
}

describe('neighbour solicitation', () => {
  it('gives the target and who asks', () => {
    expect(readNeighbourSolicitation(bytesOf(`ee ${SOLICITATION}`), 1, 32)).toEqual({
      code: 0,
      target: parseIp('2001:db8:1::1'),
      sourceLinkLayer: parseMac('00-15-5D-01-14-04'),
    });
  });

  it('has no sender where there is no option, another one, or one of another length', () => {
    const read = (text: string, length: number): unknown =>
      readNeighbourSolicitation(bytesOf(text), 0, length)?.sourceLinkLayer;
    expect(read(SOLICITATION, 24)).toBeUndefined();
    expect(read(SOLICITATION, 31)).toBeUndefined();
    expect(read(SOLICITATION.replace('01 01 0015', '02 01 0015'), 32)).toBeUndefined();
    expect(read(SOLICITATION.replace('01 01 0015', '01 02 0015'), 32)).toBeUndefined();
  });

  it('is none when shorter than its fixed part, or when the bytes end before it does', () => {
    expect(readNeighbourSolicitation(bytesOf(SOLICITATION), 0, 23)).toBeUndefined();
    expect(readNeighbourSolicitation(bytesOf(SOLICITATION), 0, 33)).toBeUndefined();
  });
});

describe('neighbour advertisement', () => {
  const advertisement = {
    source: ipv6('2001:db8:1::1'),
    destination: ipv6('2001:db8:1::101'),
    targetLinkLayer: parseMac('02-00-00-00-50-01'),
  };

  it('writes header and message with every bit set that an answer has', () => {
    const bytes = dirtyBytes(72);
    writeNeighbourAdvertisement(bytes, 0, advertisement);
    const digits = digitsOf(bytes);
    expect(digits.slice(0, 80)).toBe(
      `60000000 0020 3a ff ${TARGET} 20010db8000100000000000000000101`.replaceAll(' ', ''),
    );
    expect(digits.slice(80, 84)).toBe('8800');
    expect(digits.slice(88)).toBe(`e0000000 ${TARGET} 0201 020000005001`.replaceAll(' ', ''));
    expect(isIcmpv6Intact(bytes, 0, 32)).toBe(true);
  });

  it('has a checksum that covers the pseudo-header', () => {
    const bytes = dirtyBytes(72);
    writeNeighbourAdvertisement(bytes, 0, advertisement);
    bytes.setUint8(39, bytes.getUint8(39) ^ 1);
    expect(isIcmpv6Intact(bytes, 0, 32)).toBe(false);
  });
});

describe('isNeighbourDiscovery', () => {
  it('is types 133 to 137', () => {
    expect([132, 133, 134, 135, 136, 137, 138].filter(isNeighbourDiscovery)).toEqual([
      133, 134, 135, 136, 137,
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { readArp, writeArp } from '../../../src/codec/arp.js';
import { parseIpv4 } from '../../../src/net/ip.js';
import { parseMac } from '../../../src/net/mac.js';
import { bytesOf, digitsOf, dirtyBytes } from './bytes.js';

const REQUEST = '0001 0800 06 04 0001 00155d011404 c0a80165 000000000000 c0a80101';

const packet = {
  operation: 1,
  senderMac: parseMac('00-15-5D-01-14-04'),
  senderIp: parseIpv4('192.168.1.101'),
  targetMac: parseMac('00-00-00-00-00-00'),
  targetIp: parseIpv4('192.168.1.1'),
};

describe('ARP', () => {
  it('reads a request, padding behind it or not', () => {
    expect(readArp(bytesOf(REQUEST), 0)).toEqual(packet);
    expect(readArp(bytesOf(`${REQUEST} 0000`), 0)).toEqual(packet);
  });

  it('writes what it reads', () => {
    const bytes = dirtyBytes(28);
    writeArp(bytes, 0, packet);
    expect(digitsOf(bytes)).toBe(REQUEST.replaceAll(' ', ''));
  });

  it.each([
    ['hardware type', '0006 0800 06 04'],
    ['protocol type', '0001 86dd 06 04'],
    ['hardware length', '0001 0800 08 04'],
    ['protocol length', '0001 0800 06 10'],
  ])('calls another %s foreign', (_, start) => {
    expect(readArp(bytesOf(start + REQUEST.slice(start.length)), 0)).toBe('foreign');
  });

  it('says so when the bytes end one earlier', () => {
    expect(readArp(bytesOf(REQUEST.slice(0, -2)), 0)).toBeUndefined();
  });
});

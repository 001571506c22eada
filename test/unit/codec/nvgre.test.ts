import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGre } from '../../../src/codec/gre.js';
import {
  NVGRE_OVERHEAD,
  NvgreOffset,
  flowIdOfKey,
  vsidOfKey,
  writeNvgreHeaders,
} from '../../../src/codec/nvgre.js';
import { ProviderAddress } from '../../../src/model/addresses.js';
import { flowIdOf } from '../../../src/model/flow-id.js';
import { VSID_MAX, VSID_MIN, Vsid } from '../../../src/model/vsid.js';
import { parseIpv4 } from '../../../src/net/ip.js';
import { parseMac } from '../../../src/net/mac.js';
import { bytesOf, digitsOf, dirtyBytes } from './bytes.js';

fc.configureGlobal({ seed: 7637 });

const headers = {
  typeOfService: 0,
  source: ProviderAddress(parseIpv4('10.1.1.40')),
  destination: ProviderAddress(parseIpv4('10.1.1.20')),
  vsid: Vsid(5001),
  flowId: flowIdOf(0x5a),
  inner: {
    destination: parseMac('00-15-5D-01-14-04'),
    source: parseMac('02-00-00-00-50-01'),
    etherType: 0x0800,
  },
};

describe('NVGRE', () => {
  it('is 42 bytes over the inner packet, to the byte what N1 says', () => {
    const bytes = dirtyBytes(NvgreOffset.innerPacket + 40);
    writeNvgreHeaders(bytes, headers);
    expect(NVGRE_OVERHEAD).toBe(42);
    expect(digitsOf(bytes).slice(0, 2 * NvgreOffset.innerPacket)).toBe(
      [
        '000000000000 000000000000 0800',
        '4500 0052 0000 4000 40 2f 2440 0a010128 0a010114',
        '2000 6558 001389 5a',
        '00155d011404 020000005001 0800',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
    expect(digitsOf(bytes, NvgreOffset.innerPacket), 'the packet is not touched').toBe(
      'ee'.repeat(40),
    );
  });

  it('splits its key into VSID and FlowID', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: VSID_MIN, max: VSID_MAX }),
        fc.integer({ min: 0, max: 255 }),
        (vsid, flowId) => {
          const bytes = dirtyBytes(NvgreOffset.innerPacket);
          writeNvgreHeaders(bytes, { ...headers, vsid: Vsid(vsid), flowId: flowIdOf(flowId) });
          const key = bytes.getUint32(NvgreOffset.key);
          expect([vsidOfKey(key), flowIdOfKey(key)]).toEqual([vsid, flowId]);
        },
      ),
    );
  });
});

describe('GRE', () => {
  it('reads flags and protocol type as they came', () => {
    expect(readGre(bytesOf('b001 6558'), 0)).toEqual({ flags: 0xb001, protocolType: 0x6558 });
  });

  it('says so when the bytes end one earlier', () => {
    expect(readGre(bytesOf('b001 65'), 0)).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decapsulated, nvgreFilter } from '../../../../src/cli/capture/nvgre-filter.js';
import {
  createPcapReader,
  pcapHeader,
  pcapRecord,
  type Frame,
} from '../../../../src/cli/capture/pcap.js';
import { Vsid } from '../../../../src/model/vsid.js';
import { parsePcap } from '../../../support/pcap.js';

const frames = fc.array(
  fc.record({
    seconds: fc.nat(0xffff_ffff),
    microseconds: fc.nat(999_999),
    bytes: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    length: fc.nat(65_535),
  }),
  { maxLength: 10 },
);

function fileOf(all: readonly Frame[]): Buffer {
  return Buffer.concat([pcapHeader(), ...all.map(pcapRecord)]);
}

describe('pcap', () => {
  it('reads what it writes, cut into any chunks', () => {
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 40 }), (all, size) => {
        const file = fileOf(all);
        const reader = createPcapReader();
        const read: Frame[] = [];
        for (let at = 0; at < file.length; at += size)
          read.push(...reader.push(file.subarray(at, at + size)));
        expect(read).toEqual(all);
      }),
    );
  });

  it('writes what another reader understands', () => {
    const frame = { seconds: 1, microseconds: 2, bytes: Buffer.from('abc'), length: 9 };
    const [packet] = parsePcap(fileOf([frame]));
    expect(packet).toMatchObject({ time: 1_000_002n, length: 9 });
    expect(Buffer.from(packet?.bytes ?? []).toString()).toBe('abc');
  });

  it('refuses what is not pcap of Ethernet frames', () => {
    const cooked = pcapHeader();
    cooked.writeUInt32LE(113, 20);
    for (const bytes of [Buffer.alloc(24), cooked])
      expect(() => createPcapReader().push(bytes)).toThrow(/Ethernet/);
  });
});

describe('decapsulated', () => {
  it('leaves the inner frame, and its length on the wire', () => {
    const frame = { seconds: 0, microseconds: 0, bytes: Buffer.alloc(60, 7), length: 100 };
    expect(decapsulated(frame)).toMatchObject({ bytes: Buffer.alloc(18, 7), length: 58 });
    expect(decapsulated({ ...frame, bytes: Buffer.alloc(42) })).toBeUndefined();
  });
});

it('the filter names the subnet whatever the FlowID', () => {
  expect(nvgreFilter(Vsid(5001))).toContain('ip[24:4] >> 8 = 5001');
});

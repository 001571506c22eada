import { expect, it } from 'vitest';
import { parsePcap } from '../../support/pcap.js';

/** File header of pcap version 2.4, snap length 65535, Ethernet. */
function header(littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(24));
  view.setUint32(0, 0xa1b2c3d4, littleEndian);
  view.setUint16(4, 2, littleEndian);
  view.setUint16(6, 4, littleEndian);
  view.setUint32(16, 65535, littleEndian);
  view.setUint32(20, 1, littleEndian);
  return new Uint8Array(view.buffer);
}

function record(littleEndian: boolean, bytes: readonly number[], length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  for (const [index, value] of [3, 5, bytes.length, length].entries())
    view.setUint32(index * 4, value, littleEndian);
  return Uint8Array.of(...new Uint8Array(view.buffer), ...bytes);
}

it.each([true, false])('reads packets (little endian: %s)', (littleEndian) => {
  const file = Uint8Array.of(
    ...header(littleEndian),
    ...record(littleEndian, [1, 2, 3], 60),
    ...record(littleEndian, [], 0),
  );
  expect(parsePcap(file)).toEqual([
    { time: 3_000_005n, bytes: Uint8Array.of(1, 2, 3), length: 60 },
    { time: 3_000_005n, bytes: new Uint8Array(), length: 0 },
  ]);
});

it('leaves out what is not complete yet', () => {
  const file = Uint8Array.of(...header(true), ...record(true, [1, 2, 3], 3));
  for (let end = 0; end < file.length; end += 1)
    expect(parsePcap(file.subarray(0, end))).toEqual([]);
  expect(parsePcap(file)).toHaveLength(1);
});

it('refuses what is not pcap', () => {
  expect(() => parsePcap(new Uint8Array(24))).toThrow('not a pcap file');
});

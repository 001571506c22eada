import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NvgateError } from '../../../../src/errors.js';
import {
  createPacketReader,
  encodePacket,
  LONGEST_PACKET,
  type Packet,
} from '../../../../src/vpn/vici/packet.js';

const message = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const name = fc.string({ unit: 'grapheme-ascii', maxLength: 255 });
const packets = fc.oneof<fc.Arbitrary<Packet>[]>(
  fc.record({ type: fc.constantFrom('request', 'event'), name, message }),
  fc.record({ type: fc.constant('response'), message }),
  fc.record({ type: fc.constantFrom('register', 'unregister'), name }),
  fc.record({ type: fc.constantFrom('confirm', 'unknownCommand', 'unknownEvent') }),
);

/** One of each type. */
const ALL: readonly Packet[] = [
  { type: 'request', name: 'version', message: Buffer.from([3, 1, 97, 0, 0]) },
  { type: 'response', message: Buffer.alloc(0) },
  { type: 'unknownCommand' },
  { type: 'register', name: 'log' },
  { type: 'unregister', name: 'log' },
  { type: 'confirm' },
  { type: 'unknownEvent' },
  { type: 'event', name: 'log', message: Buffer.alloc(300, 7) },
];

/** What a reader makes of the chunks: the packets, and the error that ended it. */
function read(chunks: readonly Uint8Array[]): { packets: Packet[]; error?: string } {
  const taken: Packet[] = [];
  const reader = createPacketReader((packet) => taken.push(packet));
  try {
    for (const chunk of chunks) reader.push(chunk);
  } catch (error) {
    if (!(error instanceof NvgateError) || error.code !== 'vpnDaemonFailed') throw error;
    return { packets: taken, error: error.message };
  }
  return { packets: taken };
}

function split(bytes: Buffer, positions: readonly number[]): Buffer[] {
  const cuts = [0, ...positions.toSorted((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
}

describe('encodePacket', () => {
  it.each<[Packet, string]>([
    [{ type: 'request', name: 'ab', message: Buffer.from('!') }, '00000005 00 02 6162 21'],
    [{ type: 'response', message: Buffer.from('!') }, '00000002 01 21'],
    [{ type: 'unknownCommand' }, '00000001 02'],
    [{ type: 'register', name: 'log' }, '00000005 03 03 6c6f67'],
    [{ type: 'unregister', name: '' }, '00000002 04 00'],
    [{ type: 'confirm' }, '00000001 05'],
    [{ type: 'unknownEvent' }, '00000001 06'],
    [{ type: 'event', name: 'e', message: Buffer.alloc(0) }, '00000003 07 01 65'],
  ])('writes %o', (packet, digits) => {
    expect(encodePacket(packet).toString('hex')).toBe(digits.replaceAll(' ', ''));
  });

  it('refuses what the daemon would not take', () => {
    const request = (length: number): Packet => ({
      type: 'request',
      name: 'x',
      message: Buffer.alloc(length),
    });
    expect(read([encodePacket(request(LONGEST_PACKET - 3))]).packets).toHaveLength(1);
    expect(() => encodePacket(request(LONGEST_PACKET - 2))).toThrow(/524289 bytes.*at most 524288/);
    expect(() => encodePacket({ type: 'register', name: 'n'.repeat(256) })).toThrow(/255 bytes/);
  });
});

describe('createPacketReader', () => {
  const stream = Buffer.concat(ALL.map(encodePacket));

  it('reads packets from a stream cut anywhere', () => {
    for (let at = 0; at <= stream.length; at += 1)
      expect(read(split(stream, [at]))).toEqual({ packets: ALL });
  });

  it('reads packets from single bytes', () => {
    expect(read(Array.from(stream, (byte) => Uint8Array.of(byte)))).toEqual({ packets: ALL });
  });

  it('reads any packets from any chunks', () => {
    fc.assert(
      fc.property(fc.array(packets, { maxLength: 8 }), fc.array(fc.nat()), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(encodePacket));
        expect(
          read(
            split(
              bytes,
              cuts.map((cut) => cut % (bytes.length + 1)),
            ),
          ),
        ).toEqual({ packets: sent });
      }),
    );
  });

  it('gives messages that later bytes do not change', () => {
    const taken: Packet[] = [];
    const reader = createPacketReader((packet) => taken.push(packet));
    const chunk = encodePacket({ type: 'response', message: Buffer.from('first') });
    reader.push(chunk);
    chunk.fill(0);
    expect(taken).toEqual([{ type: 'response', message: Buffer.from('first') }]);
  });

  it('knows whether a packet has begun', () => {
    const reader = createPacketReader(() => undefined);
    const boundaries = Array.from(stream.subarray(0, 12 + 4 + 2 + 4), (byte) => {
      reader.push(Uint8Array.of(byte));
      return reader.atBoundary();
    });
    const ends = boundaries.flatMap((whole, index) => (whole ? [index + 1] : []));
    expect(ends).toEqual(endsOf(ALL).filter((end) => end <= boundaries.length));
  });

  it.each([
    ['no length', '00000000', 'length 0'],
    ['a length over the limit', '00080001', 'length 524289'],
    ['the greatest length', 'ffffffff', 'length 4294967295'],
    ['an unknown type', '00000001 08', 'type 8'],
    ['a name that is cut off', '00000003 07 05 61', 'a name that is longer than the packet'],
    ['no name', '00000001 07', 'a name that is longer than the packet'],
    ['bytes after a confirmation', '00000002 05 00', '1 bytes too many in a confirm'],
    ['bytes after a registration', '00000004 03 01 61 62', '1 bytes too many in a register'],
  ])('refuses %s, after the packets before it', (_, digits, reason) => {
    const bad = Buffer.from(digits.replaceAll(' ', ''), 'hex');
    const { packets: before, error } = read([Buffer.concat([stream, bad])]);
    expect(before).toEqual(ALL);
    expect(error).toContain(`Malformed VICI packet: ${reason}`);
  });

  it('refuses a length before anything of the packet has come', () => {
    expect(read([Buffer.from('7fffffff', 'hex')]).error).toContain('length 2147483647');
  });

  it('reads or refuses whatever comes, the same in any chunks', () => {
    const start = fc.constantFrom(...ALL.map(encodePacket), Buffer.from([0, 0, 0, 3]));
    const piece = fc.oneof(
      start,
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const whole = Buffer.concat(pieces);
        expect(read(pieces)).toEqual(read([whole]));
        expect(read(Array.from(whole, (byte) => Uint8Array.of(byte)))).toEqual(read([whole]));
      }),
      { numRuns: 500 },
    );
  });
});

/** Where in their stream the packets end. */
function endsOf(sent: readonly Packet[]): number[] {
  let end = 0;
  return sent.map((packet) => (end += encodePacket(packet).length));
}

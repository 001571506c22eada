import { NvgateError } from '../../errors.js';

/**
 * What goes over the socket: u32 length of the rest, u8 type, then by type a name (u8 length +
 * ASCII) and a message (strongSwan's `vici/README.md`, "Packet layer"). The message is still
 * encoded.
 */
export type Packet = QuestionPacket | AnswerPacket | EventPacket;

/** What a client may send. */
export type QuestionPacket =
  | { readonly type: 'request'; readonly name: string; readonly message: Uint8Array }
  | { readonly type: 'register' | 'unregister'; readonly name: string };

/** What the daemon answers: one for each question, in order. */
export type AnswerPacket =
  | { readonly type: 'response'; readonly message: Uint8Array }
  | { readonly type: 'unknownCommand' | 'confirm' | 'unknownEvent' };

/** What the daemon sends unasked to whom has registered for it. */
export interface EventPacket {
  readonly type: 'event';
  readonly name: string;
  readonly message: Uint8Array;
}

/** In the order of their numbers on the wire. */
const TYPES = [
  'request',
  'response',
  'unknownCommand',
  'register',
  'unregister',
  'confirm',
  'unknownEvent',
  'event',
] as const satisfies readonly Packet['type'][];

/** The daemon closes the connection on a longer one, and drops its own without a word. */
export const LONGEST_PACKET = 512 * 1024;

const LENGTH_BYTES = 4;

/** @throws NvgateError `invalidValue` when the packet or a name in it is too long */
export function encodePacket(packet: Packet): Buffer {
  const name = 'name' in packet ? Buffer.from(packet.name) : undefined;
  if (name !== undefined && name.length > 0xff)
    throw new NvgateError(
      'invalidValue',
      'VICI: the name of a command or event is over 255 bytes.',
    );
  const body = Buffer.concat([
    Buffer.of(TYPES.indexOf(packet.type)),
    ...(name === undefined ? [] : [Buffer.of(name.length), name]),
    ...('message' in packet ? [packet.message] : []),
  ]);
  if (body.length > LONGEST_PACKET)
    throw new NvgateError(
      'invalidValue',
      `VICI: a ${packet.type} of ${body.length} bytes; the daemon takes at most ${LONGEST_PACKET}.`,
    );
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

export interface PacketReader {
  /**
   * Takes the next bytes of the stream, whatever their number.
   * @throws NvgateError `vpnDaemonFailed`, and what `take` throws; the stream is lost then
   */
  push(chunk: Uint8Array): void;
  /** Whether the stream may end here: no packet has begun. */
  atBoundary(): boolean;
}

/**
 * Splits a stream into packets. Holds one packet at most.
 * @param take is given each packet as soon as it is whole
 */
export function createPacketReader(take: (packet: Packet) => void): PacketReader {
  /** Length field and rest of a packet in turn. */
  let part = Buffer.alloc(LENGTH_BYTES);
  let isLength = true;
  let filled = 0;

  return {
    push(chunk) {
      for (let rest = chunk; rest.length > 0;) {
        const taken = rest.subarray(0, part.length - filled);
        part.set(taken, filled);
        filled += taken.length;
        rest = rest.subarray(taken.length);
        if (filled < part.length) return;
        const whole = part;
        part = Buffer.alloc(isLength ? lengthOf(whole) : LENGTH_BYTES);
        filled = 0;
        isLength = !isLength;
        if (isLength) take(decodePacket(whole));
      }
    },
    atBoundary: () => isLength && filled === 0,
  };
}

function lengthOf(bytes: Buffer): number {
  const length = bytes.readUInt32BE();
  if (length === 0 || length > LONGEST_PACKET)
    throw malformed(`length ${length}, which is not in 1..${LONGEST_PACKET}`);
  return length;
}

function decodePacket(body: Buffer): Packet {
  const number = body.readUInt8();
  const type = TYPES[number];
  if (type === undefined) throw malformed(`type ${number}, which VICI does not have`);
  switch (type) {
    case 'request':
    case 'event': {
      const { name, rest } = splitName(body);
      return { type, name, message: rest };
    }
    case 'response':
      return { type, message: body.subarray(1) };
    case 'register':
    case 'unregister': {
      const { name, rest } = splitName(body);
      if (rest.length > 0) throw malformed(`${rest.length} bytes too many in a ${type}`);
      return { type, name };
    }
    case 'confirm':
    case 'unknownCommand':
    case 'unknownEvent':
      if (body.length > 1) throw malformed(`${body.length - 1} bytes too many in a ${type}`);
      return { type };
  }
}

function splitName(body: Buffer): { name: string; rest: Buffer } {
  const length = body.length > 1 ? body.readUInt8(1) : 0;
  const end = 2 + length;
  if (body.length < end) throw malformed('a name that is longer than the packet');
  return { name: body.toString('utf8', 2, end), rest: body.subarray(end) };
}

function malformed(what: string): NvgateError {
  return new NvgateError('vpnDaemonFailed', `Malformed VICI packet: ${what}.`);
}

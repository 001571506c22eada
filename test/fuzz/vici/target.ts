import { isDeepStrictEqual } from 'node:util';
import { NvgateError } from '../../../src/errors.js';
import {
  decodeMessage,
  encodeMessage,
  type ViciInput,
  type ViciValue,
} from '../../../src/vpn/vici/message.js';
import { createPacketReader, encodePacket, type Packet } from '../../../src/vpn/vici/packet.js';
import { onceIn, type Choices } from '../../support/choices.js';
import { caseChoices } from '../case-choices.js';
import { readCorpus } from '../corpus.js';
import { shrinkBytes } from '../shrink.js';
import type { FuzzTarget, Outcome } from '../target.js';
import { damageBytes } from './damage.js';
import { generateMessage, generatePacket } from './messages.js';

/**
 * What comes from the VPN daemon's socket: whole messages come back as they were; damaged ones are
 * read or refused with `vpnDaemonFailed`, hold no more than they brought, and how the stream was cut
 * into pieces does not matter.
 */
export const viciTarget: FuzzTarget = {
  name: 'vici',
  ...{ share: 1, casesPerMark: 1 },
  open: (seed) =>
    Promise.resolve({
      regressions: readCorpus<{ name: string; bytes: string }>('vici').map(({ name, bytes }) => ({
        name,
        run: () => faultOfBytes(new Uint8Array(Buffer.from(bytes, 'hex'))),
      })),
      run: (index) => runCase(index, caseChoices(seed, index)),
      finish: () => undefined,
      close: () => undefined,
    }),
};

function runCase(index: number, choices: Choices): Outcome | Promise<Outcome> {
  const message = generateMessage(choices);
  const encoded = encodeMessage(message);
  const whole = faultOfMessage(message, encoded);
  if (whole !== undefined)
    return { index, what: `${whole}\n${JSON.stringify(message)}\n${encoded.toString('hex')}` };
  const bytes = onceIn(choices, 3) ? generateStream(choices, encoded) : encoded;
  const damaged = damageBytes(choices, bytes);
  return faultOfBytes(damaged) === undefined ? undefined : describe(index, damaged);
}

async function describe(index: number, bytes: Uint8Array): Promise<Outcome> {
  const smallest = await shrinkBytes(bytes, (less) => faultOfBytes(less) !== undefined);
  return {
    index,
    what: `${faultOfBytes(smallest) ?? ''}\n${Buffer.from(smallest).toString('hex')}`,
  };
}

function generateStream(choices: Choices, message: Uint8Array): Uint8Array {
  const packets = Array.from({ length: 1 + choices.below(3) }, () =>
    encodePacket(generatePacket(choices, message.subarray(0, 60_000))),
  );
  return new Uint8Array(Buffer.concat(packets));
}

function faultOfMessage(message: ViciInput, encoded: Uint8Array): string | undefined {
  const decoded = decodeMessage(encoded);
  if (!isDeepStrictEqual(plain(decoded), plain(message)))
    return 'A message did not come back as it was sent.';
  return undefined;
}

/** Without the prototypes, which decoded sections do not have. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(
    Object.entries(value)
      .map(([key, inner]) => [key, plain(inner)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The bytes as a message and as a stream of packets. */
function faultOfBytes(bytes: Uint8Array): string | undefined {
  return faultOfDecoding(bytes) ?? faultOfStream(bytes);
}

function faultOfDecoding(bytes: Uint8Array): string | undefined {
  const decoded = attempt(() => decodeMessage(bytes));
  if (!('value' in decoded)) return decoded.fault;
  if (weight(decoded.value) > bytes.length) return 'A message says more than it brought.';
  // What was read can be sent, but for names and lengths that only a daemon's mistake has.
  try {
    const again = decodeMessage(encodeMessage(decoded.value));
    if (!isDeepStrictEqual(plain(again), plain(decoded.value)))
      return 'What was read of a damaged message is another when it is sent and read again.';
  } catch (error) {
    if (!(error instanceof NvgateError && error.code === 'invalidValue')) return said(error);
  }
  return undefined;
}

/** Characters, names and elements of a message: none of them is nothing on the wire. */
function weight(value: ViciValue): number {
  if (typeof value === 'string') return value.length;
  if (isList(value)) return value.reduce((sum, item) => sum + 1 + item.length, 1);
  return Object.entries(value).reduce(
    (sum, [key, inner]) => sum + 1 + key.length + weight(inner),
    0,
  );
}

function isList(value: ViciValue): value is readonly string[] {
  return Array.isArray(value);
}

function faultOfStream(bytes: Uint8Array): string | undefined {
  const whole = readStream([bytes]);
  if (whole.fault !== undefined) return whole.fault;
  const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, at) =>
    bytes.subarray(at * 7, at * 7 + 7),
  );
  if (!isDeepStrictEqual(readStream(pieces), whole))
    return 'A stream reads differently in pieces of 7 bytes.';
  return undefined;
}

function readStream(pieces: readonly Uint8Array[]): {
  packets: Packet[];
  atBoundary?: boolean;
  refusal?: string;
  fault?: string;
} {
  const packets: Packet[] = [];
  const reader = createPacketReader((packet) => packets.push(packet));
  const read = attempt(() => {
    for (const piece of pieces) reader.push(piece);
    return reader.atBoundary();
  });
  if ('value' in read) return { packets, atBoundary: read.value };
  return read.fault === undefined
    ? { packets, refusal: read.refusal }
    : { packets, fault: read.fault };
}

type Attempt<T> =
  { readonly value: T } | { readonly refusal: string; readonly fault: string | undefined };

/** What a reader answers; `fault` where it fails with anything but its documented error. */
function attempt<T>(read: () => T): Attempt<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof NvgateError && error.code === 'vpnDaemonFailed')
      return { refusal: error.message, fault: undefined };
    return { refusal: '', fault: said(error) };
  }
}

function said(error: unknown): string {
  return error instanceof Error ? String(error.stack) : String(error);
}

import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from '../../support/process-owner.js';
import { createPipe, readAll, writeAll } from './pipe.js';

/** In main.c. */
const ORDER = { fillMap: 1, readMap: 2, decap: 3, encap: 4, inbound: 5, outbound: 6 } as const;
const ORDER_HEAD = 8;
const NAME = 24;
const RUN_HEAD = 28;
const ANSWER_HEAD = 8;

export type ProgramName = 'decap' | 'encap' | 'inbound' | 'outbound';

/** What the kernel would know of a packet besides its bytes, and what it would do. */
export interface Circumstances {
  readonly ifindex: number;
  readonly mark: number;
  readonly gsoSize: number;
  /** Ethernet type as the kernel reads it */
  readonly protocol: number;
  /** PACKET_* of linux/if_packet.h */
  readonly packetType: number;
  /** Bytes that a program may look at without asking for more. */
  readonly linearLength: number;
  /** Linux before 6.3. */
  readonly olderKernel: boolean;
  /** The packet came out of a tunnel before. */
  readonly encapsulated: boolean;
  /** A tag of the packet stands beside it. */
  readonly vlanPresent: boolean;
  /** The first, second… call that may fail does; 0: none does. */
  readonly refusedCall: number;
}

export interface Answer {
  /** TC_ACT_* */
  readonly action: number;
  readonly frame: Uint8Array;
}

/** The BPF programs in a process of their own that a sanitizer ends when it finds something. */
export interface SanitizedProcess {
  run(program: ProgramName, frame: Uint8Array, circumstances: Circumstances): Answer;
  /** Keys and values, one pair behind the other, in place of what the map held. */
  fillMap(name: string, pairs: Uint8Array): void;
  readMap(name: string): Buffer;
  close(): void;
}

/** What a sanitizer has to say. */
export class SanitizerFinding extends Error {
  override readonly name = 'SanitizerFinding';
}

/** Of a report the beginning says it all; behind it the shadow memory is shown. */
const REPORT = 4000;

/** @param program made by `buildSanitized` */
export function startSanitized(program: string): SanitizedProcess {
  const directory = mkdtempSync(join(tmpdir(), 'nvgt-sanitizer-'));
  const orders = createPipe(join(directory, 'orders'));
  const answers = createPipe(join(directory, 'answers'));
  const reportPath = join(directory, 'report');
  const report = openSync(reportPath, 'w');
  const child = spawn(program, [], {
    stdio: [orders.readEnd, answers.writeEnd, report],
    env: {
      // Its blocks are few and short-lived; old ones stay known for a while all the same.
      ASAN_OPTIONS: 'quarantine_size_mb=32:detect_leaks=0:malloc_context_size=4',
      UBSAN_OPTIONS: 'print_stacktrace=1',
    },
  });
  for (const fd of [orders.readEnd, answers.writeEnd, report]) closeSync(fd);
  const forget = atExit(() => child.kill('SIGKILL'));
  // Of one that does not start: nobody reads, which the next order sees.
  child.on('error', () => undefined);
  let closed = false;

  const room = Buffer.alloc(1 << 20);
  const head = Buffer.alloc(ANSWER_HEAD);

  /** @param length of what stands in `room` behind the head */
  function send(kind: number, length: number): void {
    room.writeUInt32LE(kind, 0);
    room.writeUInt32LE(length, 4);
    try {
      writeAll(orders.writeEnd, room.subarray(0, ORDER_HEAD + length));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') throw finding();
      throw error;
    }
  }

  function receive(): { returned: number; body: Buffer } {
    if (!readAll(answers.readEnd, head)) throw finding();
    const body = Buffer.alloc(head.readUInt32LE(4));
    if (!readAll(answers.readEnd, body)) throw finding();
    return { returned: head.readInt32LE(0), body };
  }

  function finding(): Error {
    const text = readFileSync(reportPath, 'utf8');
    const what = text.slice(0, REPORT).trim();
    if (/AddressSanitizer|runtime error:/.test(text)) return new SanitizerFinding(what);
    return new Error(`${program} ended by itself: ${what}`);
  }

  return {
    run: (name, frame, circumstances) => {
      writeRun(room, circumstances);
      room.set(frame, ORDER_HEAD + RUN_HEAD);
      send(ORDER[name], RUN_HEAD + frame.length);
      const { returned, body } = receive();
      return { action: returned, frame: body };
    },
    fillMap: (name, pairs) => {
      room.fill(0, ORDER_HEAD, ORDER_HEAD + NAME);
      room.write(name, ORDER_HEAD, 'latin1');
      room.set(pairs, ORDER_HEAD + NAME);
      send(ORDER.fillMap, NAME + pairs.length);
    },
    readMap: (name) => {
      room.fill(0, ORDER_HEAD, ORDER_HEAD + NAME);
      room.write(name, ORDER_HEAD, 'latin1');
      send(ORDER.readMap, NAME);
      return receive().body;
    },
    close: () => {
      if (closed) return;
      closed = true;
      // The end of its orders is the end of the process.
      for (const fd of [orders.writeEnd, answers.readEnd]) closeSync(fd);
      forget();
      rmSync(directory, { recursive: true });
    },
  };
}

function writeRun(to: Buffer, circumstances: Circumstances): void {
  to.writeUInt32LE(circumstances.ifindex, ORDER_HEAD);
  to.writeUInt32LE(circumstances.mark, ORDER_HEAD + 4);
  to.writeUInt32LE(circumstances.gsoSize, ORDER_HEAD + 8);
  to.writeUInt16BE(circumstances.protocol, ORDER_HEAD + 12);
  to.writeUInt16LE(circumstances.packetType, ORDER_HEAD + 14);
  to.writeUInt32LE(circumstances.linearLength, ORDER_HEAD + 16);
  to.writeUInt32LE(circumstances.refusedCall, ORDER_HEAD + 20);
  to.writeUInt8(circumstances.olderKernel ? 1 : 0, ORDER_HEAD + 24);
  to.writeUInt8(circumstances.encapsulated ? 1 : 0, ORDER_HEAD + 25);
  to.writeUInt8(circumstances.vlanPresent ? 1 : 0, ORDER_HEAD + 26);
  to.writeUInt8(0, ORDER_HEAD + 27);
}

import koffi from 'koffi';
import { expectSuccess, libbpf, type Fd } from '../../src/dataplane/bpf/libbpf.js';

/** What a TC program did with a packet that never was on a wire (BPF_PROG_TEST_RUN). */
export interface TestRun {
  /** TC_ACT_*: -1 unspec, 0 ok, 2 shot, 7 redirect */
  readonly action: number;
  readonly frame: Uint8Array;
}

const OPTIONS = {
  size: 80,
  dataIn: 8,
  dataOut: 16,
  dataSizeIn: 24,
  dataSizeOut: 28,
  contextIn: 32,
  contextSizeIn: 48,
  returned: 56,
} as const;

/** struct __sk_buff up to where the kernel still takes it, and the fields it wants to know. */
const CONTEXT = { size: 192, mark: 8, ifindex: 40, gsoSize: 176 } as const;

const ROOM = 70_000;

/**
 * Whether a test run takes the frame: the kernel refuses one that is shorter than an Ethernet
 * header, or than the IP header that its ethertype announces, before the program sees it.
 */
export function isRunnable(frame: Uint8Array): boolean {
  if (frame.length < 14) return false;
  const etherType = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  return frame.length >= (etherType === 0x0800 ? 34 : etherType === 0x86dd ? 54 : 14);
}

/** What the kernel knows of a packet besides its bytes. */
export interface PacketMarks {
  /** Payload of each segment, where the packet is still to be segmented. */
  readonly gsoSize?: number;
  readonly mark?: number;
}

export type TestRunner = (frame: Uint8Array, ifindex: number, marks?: PacketMarks) => TestRun;

/** A function that runs one program on frames as if they came in on a device. */
export function testRunner(program: Fd): TestRunner {
  const input = koffi.alloc('uint8_t', ROOM) as bigint;
  const output = koffi.alloc('uint8_t', ROOM) as bigint;
  const context = koffi.alloc('uint8_t', CONTEXT.size) as bigint;
  const inputView = Buffer.from(koffi.view(input, ROOM));
  const outputView = Buffer.from(koffi.view(output, ROOM));
  const contextView = Buffer.from(koffi.view(context, CONTEXT.size));
  contextView.fill(0);

  const options = Buffer.alloc(OPTIONS.size);
  options.writeBigUInt64LE(BigInt(OPTIONS.size), 0);
  options.writeBigUInt64LE(koffi.address(input), OPTIONS.dataIn);
  options.writeBigUInt64LE(koffi.address(output), OPTIONS.dataOut);
  options.writeBigUInt64LE(koffi.address(context), OPTIONS.contextIn);
  options.writeUInt32LE(CONTEXT.size, OPTIONS.contextSizeIn);

  return (frame, ifindex, { gsoSize = 0, mark = 0 } = {}) => {
    inputView.set(frame);
    contextView.writeUInt32LE(ifindex, CONTEXT.ifindex);
    contextView.writeUInt32LE(mark, CONTEXT.mark);
    contextView.writeUInt32LE(gsoSize, CONTEXT.gsoSize);
    options.writeUInt32LE(frame.length, OPTIONS.dataSizeIn);
    options.writeUInt32LE(ROOM, OPTIONS.dataSizeOut);
    expectSuccess(libbpf().testRun(program, options), `test run of ${frame.length} bytes`);
    return {
      action: options.readInt32LE(OPTIONS.returned),
      frame: new Uint8Array(outputView.subarray(0, options.readUInt32LE(OPTIONS.dataSizeOut))),
    };
  };
}

import koffi from 'koffi';
import { expectSuccess, libbpf } from '../../../src/dataplane/bpf/libbpf.js';
import { openBpf } from '../bpf/object.js';
import type { AddressVariation } from '../topology/path.js';
import type { GeneratorJob, Send } from './job.js';

/** Of generator.bpf.c. */
const FRAME_BYTES = 112;
const MOST_FRAMES = 1024;
const PLAN_BYTES = 24;

const LIVE_FRAMES = 1 << 1;
/** Packets that the kernel takes before it lets others in between, as NAPI does. */
const BATCH = 64;

/** struct bpf_test_run_opts of libbpf 1.x. */
const OPTIONS = {
  size: 80,
  dataIn: 8,
  dataSizeIn: 24,
  contextIn: 32,
  contextSizeIn: 48,
  repeat: 60,
  flags: 68,
  batchSize: 76,
} as const;

/** struct xdp_md. */
const CONTEXT = { size: 24, dataEnd: 4, ingressIfindex: 12 } as const;

const ifNameToIndex = koffi.load('libc.so.6').func('uint32_t if_nametoindex(const char *name)') as (
  name: string,
) => number;

/**
 * Packets put into the receive path of the job's device (bpf(2), BPF_F_TEST_XDP_LIVE_FRAMES, Linux
 * 5.18). Runs in the namespace of the device.
 */
export function liveFrames(job: Omit<GeneratorJob, 'kind' | 'seconds'>): Send {
  const bpf = libbpf();
  const object = openBpf(job.object);
  const length = fillFrames(object.map('frames'), job.frames);
  const plan = planValue(job.frames.length, job.variation);
  expectSuccess(bpf.update(object.map('plans'), Buffer.alloc(4), plan, 0), 'map plans');

  const ifindex = ifNameToIndex(job.device);
  if (ifindex === 0) throw new Error(`no device ${job.device}`);
  const data = koffi.alloc('uint8_t', length) as bigint;
  const context = koffi.alloc('uint8_t', CONTEXT.size) as bigint;
  Buffer.from(koffi.view(data, length)).fill(0);
  const contextView = Buffer.from(koffi.view(context, CONTEXT.size));
  contextView.fill(0);
  contextView.writeUInt32LE(length, CONTEXT.dataEnd);
  contextView.writeUInt32LE(ifindex, CONTEXT.ingressIfindex);

  const options = Buffer.alloc(OPTIONS.size);
  options.writeBigUInt64LE(BigInt(OPTIONS.size), 0);
  options.writeBigUInt64LE(koffi.address(data), OPTIONS.dataIn);
  options.writeUInt32LE(length, OPTIONS.dataSizeIn);
  options.writeBigUInt64LE(koffi.address(context), OPTIONS.contextIn);
  options.writeUInt32LE(CONTEXT.size, OPTIONS.contextSizeIn);
  options.writeUInt32LE(LIVE_FRAMES, OPTIONS.flags);
  const program = object.program('generate');

  return (count) => {
    options.writeUInt32LE(count, OPTIONS.repeat);
    options.writeUInt32LE(Math.min(BATCH, count), OPTIONS.batchSize);
    expectSuccess(bpf.testRun(program, options), 'live frames');
    return count;
  };
}

function fillFrames(map: number, frames: readonly string[]): number {
  const length = (frames[0] ?? '').length / 2;
  if (length === 0 || length > FRAME_BYTES || frames.length > MOST_FRAMES)
    throw new Error(`${frames.length} frames of ${length} bytes are not what the generator takes`);
  const key = Buffer.alloc(4);
  for (const [index, frame] of frames.entries()) {
    const value = Buffer.alloc(FRAME_BYTES);
    if (value.write(frame, 'hex') !== length) throw new Error('the frames differ in length');
    key.writeUInt32LE(index);
    expectSuccess(libbpf().update(map, key, value, 0), 'map frames');
  }
  return length;
}

/** struct plan. */
function planValue(frames: number, variation: AddressVariation | undefined): Buffer {
  const value = Buffer.alloc(PLAN_BYTES);
  value.writeUInt32LE(frames, 0);
  if (variation === undefined) return value;
  value.writeUInt32LE(variation.count, 8);
  value.writeUInt32LE(variation.offset, 12);
  value.writeUInt32LE(variation.checksumOffset, 16);
  value.writeUInt32LE(variation.first, 20);
  return value;
}

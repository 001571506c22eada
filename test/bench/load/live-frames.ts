import koffi from 'koffi';
import { expectSuccess, libbpf } from '../../../src/dataplane/bpf/libbpf.js';
import { openBpf } from '../bpf/object.js';
import type { GeneratorAnswer, GeneratorJob } from './job.js';

/** Of generator.bpf.c. */
const FRAME_BYTES = 112;
const MOST_FRAMES = 1024;
const PLAN = {
  size: 48,
  began: 0,
  latest: 8,
  frames: 20,
  addresses: 28,
  addressAt: 32,
  checksumAt: 36,
  firstAddress: 40,
} as const;

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

/** How long one call lasts, and how many packets the first one has, before that is known. */
const CALL_SECONDS = 0.25;
const FIRST_CALL = 16_384;

/**
 * Puts packets into the receive path of the job's device as fast as it takes them (bpf(2),
 * BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18), in the namespace of the device. A call ends with some 25
 * ms in which the kernel gives its pages back; they do not count as time.
 */
export function liveFrames(job: Omit<GeneratorJob, 'kind'>): GeneratorAnswer {
  const bpf = libbpf();
  const object = openBpf(job.object);
  const length = fillFrames(object.map('frames'), job.frames);
  const options = runOptions(job.device, length);
  const program = object.program('generate');
  const plans = object.map('plans');
  const [zero, plan] = [Buffer.alloc(4), Buffer.alloc(PLAN.size)];

  let [sent, seconds, next] = [0, 0, FIRST_CALL];
  while (seconds < job.seconds) {
    writePlan(plan, job);
    expectSuccess(bpf.update(plans, zero, plan, 0), 'map plans');
    options.writeUInt32LE(next, OPTIONS.repeat);
    expectSuccess(bpf.testRun(program, options), 'live frames');
    expectSuccess(bpf.lookup(plans, zero, plan), 'map plans');
    const took = Number(plan.readBigUInt64LE(PLAN.latest) - plan.readBigUInt64LE(PLAN.began)) / 1e9;
    sent += next;
    seconds += took;
    next = Math.ceil(((next / took) * CALL_SECONDS) / BATCH) * BATCH;
  }
  return { sent, seconds };
}

function runOptions(device: string, length: number): Buffer {
  const ifindex = ifNameToIndex(device);
  if (ifindex === 0) throw new Error(`no device ${device}`);
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
  options.writeUInt32LE(BATCH, OPTIONS.batchSize);
  return options;
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

/** struct plan, nothing made yet. */
function writePlan(plan: Buffer, { frames, variation }: Omit<GeneratorJob, 'kind'>): void {
  plan.fill(0);
  plan.writeUInt32LE(frames.length, PLAN.frames);
  if (variation === undefined) return;
  plan.writeUInt32LE(variation.count, PLAN.addresses);
  plan.writeUInt32LE(variation.offset, PLAN.addressAt);
  plan.writeUInt32LE(variation.checksumOffset, PLAN.checksumAt);
  plan.writeUInt32LE(variation.first, PLAN.firstAddress);
}

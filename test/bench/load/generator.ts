import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { start, type Background } from '../../support/process.js';
import { compileBpf } from '../bpf/object.js';
import type { Path } from '../topology/path.js';
import type { GeneratorAnswer, GeneratorJob, GeneratorKind } from './job.js';

const PROCESS = resolve('dist/test/bench/load/generator-process.js');

/** The processor that packets are generated on, and with them what a device's queue is bound to. */
export const GENERATOR_PROCESSOR = cpus().length - 1;

export interface LoadOptions {
  readonly kind?: GeneratorKind;
  readonly seconds: number;
  /** As fast as it can where absent; a packet socket only. */
  readonly packetsPerSecond?: number;
}

/** A generator that is sending. */
export interface Load {
  readonly ended: Promise<GeneratorAnswer>;
  /** Ends it before its time. */
  stop(): Promise<GeneratorAnswer>;
}

/** Resolves when the first packet is about to be sent. */
export async function startLoad(path: Path, options: LoadOptions): Promise<Load> {
  const { kind = 'packetSocket', seconds, packetsPerSecond } = options;
  const place = kind === 'liveFrames' ? path.entry : path.sender;
  if (place === undefined || (kind === 'packetSocket' && path.variation !== undefined))
    throw new Error(`${path.name}: only live frames can do that`);
  if (kind === 'liveFrames' && packetsPerSecond !== undefined)
    throw new Error(`${path.name}: live frames have no rate`);
  const job: GeneratorJob = {
    ...{ kind, seconds, device: place.device, object: await compileBpf('generator') },
    ...(packetsPerSecond === undefined ? {} : { packetsPerSecond }),
    frames: path.frames.map((frame) => Buffer.from(frame).toString('hex')),
    ...(path.variation === undefined ? {} : { variation: path.variation }),
  };
  const generator = start(
    'taskset',
    ['-c', String(GENERATOR_PROCESSOR), process.execPath, PROCESS],
    { namespace: place.namespace, input: JSON.stringify(job) },
  );
  await generator.until((self) => self.stderr().includes('sending'));
  const ended = answerOf(generator);
  ended.catch(() => undefined);
  return {
    ended,
    stop() {
      generator.signal('SIGTERM');
      return ended;
    },
  };
}

async function answerOf(generator: Background): Promise<GeneratorAnswer> {
  const status = await generator.ended;
  if (status !== 0)
    throw new Error(`The generator ended with ${status}: ${generator.stderr().trim()}`);
  return JSON.parse(generator.stdout()) as GeneratorAnswer;
}

/** Packets/s that reach the sink of the path while its generator sends as fast as it can. */
export async function packetsPerSecond(
  path: Path,
  seconds: number,
  kind?: GeneratorKind,
): Promise<number> {
  const before = path.received();
  const load = await startLoad(path, { seconds, ...(kind === undefined ? {} : { kind }) });
  const { seconds: took } = await load.ended;
  const received = path.received() - before;
  if (received === 0) throw new Error(`${path.name}: no packet arrived`);
  return received / took;
}

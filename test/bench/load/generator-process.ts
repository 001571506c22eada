import { text } from 'node:stream/consumers';
import type { GeneratorJob } from './job.js';
import { liveFrames } from './live-frames.js';
import { paced } from './paced.js';
import { packetSocket } from './packet-socket.js';

/*
 * The packet generator, a process of its own in the namespace that it sends from: takes a
 * GeneratorJob on standard input, prints a GeneratorAnswer. A packet socket ends early, in order,
 * on SIGTERM.
 */

let stopped = false;
process.once('SIGTERM', () => (stopped = true));

const job = JSON.parse(await text(process.stdin)) as GeneratorJob;
process.stderr.write('sending\n');
const answer =
  job.kind === 'liveFrames'
    ? liveFrames(job)
    : await paced(packetSocket(job.device, job.frames), job, () => stopped);
process.stdout.write(`${JSON.stringify(answer)}\n`);

import { text } from 'node:stream/consumers';
import type { GeneratorAnswer, GeneratorJob, Send } from './job.js';
import { liveFrames } from './live-frames.js';
import { packetSocket } from './packet-socket.js';

/*
 * The packet generator, a process of its own in the namespace that it sends from: takes a
 * GeneratorJob on standard input, prints a GeneratorAnswer. Ends early, in order, on SIGTERM.
 */

/** Packets at once where there is no limit: long enough to cost nothing, short enough to end. */
const AT_ONCE = 8_192;
/** Packets at once where there is one: what a device brings in one interrupt. */
const BURST = 64;
const BURSTS_PER_SECOND = 1_000;

let stopped = false;
process.once('SIGTERM', () => (stopped = true));

const job = JSON.parse(await text(process.stdin)) as GeneratorJob;
const send: Send =
  job.kind === 'liveFrames' ? liveFrames(job) : packetSocket(job.device, job.frames);
process.stderr.write('sending\n');
process.stdout.write(`${JSON.stringify(await generate(send, job))}\n`);

async function generate(
  into: Send,
  { seconds, packetsPerSecond: rate }: GeneratorJob,
): Promise<GeneratorAnswer> {
  const start = performance.now();
  const end = start + seconds * 1000;
  const burst =
    rate === undefined
      ? AT_ONCE
      : Math.max(1, Math.min(BURST, Math.round(rate / BURSTS_PER_SECOND)));
  let sent = 0;
  let yielded = start;
  for (let now = start; now < end && !stopped; now = performance.now()) {
    const due = rate === undefined ? now : start + (sent / rate) * 1000;
    if (due > now + 2) await new Promise((resolve) => setTimeout(resolve, due - now - 1));
    else if (due <= now) sent += into(burst);
    // For the signal.
    if (now - yielded < 50) continue;
    yielded = now;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { sent, seconds: (performance.now() - start) / 1000 };
}

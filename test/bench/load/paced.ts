import type { GeneratorAnswer, GeneratorJob } from './job.js';
import type { Send } from './packet-socket.js';

/** Frames at once where there is no limit. */
const AT_ONCE = 8_192;
/** Frames at once where there is one: what a device brings in one interrupt. */
const BURST = 64;
const BURSTS_PER_SECOND = 1_000;
/** Milliseconds after which signals are looked for. */
const SIGNALS_EVERY = 50;

/** Sends for so long, at the rate of the job if it has one, or until it is stopped. */
export async function paced(
  send: Send,
  { seconds, packetsPerSecond: rate }: Pick<GeneratorJob, 'seconds' | 'packetsPerSecond'>,
  stopped: () => boolean,
): Promise<GeneratorAnswer> {
  const start = performance.now();
  const end = start + seconds * 1000;
  const burst =
    rate === undefined
      ? AT_ONCE
      : Math.max(1, Math.min(BURST, Math.round(rate / BURSTS_PER_SECOND)));
  let sent = 0;
  let looked = start;
  for (let now = start; now < end && !stopped(); now = performance.now()) {
    const due = rate === undefined ? now : start + (sent / rate) * 1000;
    if (due > now + 2) await new Promise((resolve) => setTimeout(resolve, due - now - 1));
    else if (due <= now) sent += send(burst);
    if (now - looked < SIGNALS_EVERY) continue;
    looked = now;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { sent, seconds: (performance.now() - start) / 1000 };
}

import { start } from '../../support/process.js';
import type { Ends } from '../topology/path.js';

/** Pings of 64-byte frames; more a second would be load themselves. */
const INTERVAL_SECONDS = 0.001;

/**
 * Round trips in µs between the ends, by ping: the kernel answers, and stamps both packets.
 * @param processor that ping runs on
 */
export async function roundTrips(
  ends: Ends,
  count: number,
  processor: number,
): Promise<readonly number[]> {
  const [source = ''] = ends.clientAddresses;
  const ping = start(
    'taskset',
    [
      ...['-c', String(processor), 'ping', '-n', '-c', String(count), '-s', '18', '-W', '1'],
      ...['-i', String(INTERVAL_SECONDS), '-I', source, ends.serverAddress],
    ],
    { namespace: ends.client },
  );
  await ping.ended;
  const times = parseRoundTrips(ping.stdout());
  if (times.length < count / 2)
    throw new Error(`${times.length} of ${count} pings were answered: ${ping.stderr()}`);
  return times;
}

/** µs of each answer that ping of iputils prints. */
export function parseRoundTrips(output: string): number[] {
  return [...output.matchAll(/ time=([\d.]+) ms/g)].map(([, time]) => Number(time) * 1000);
}

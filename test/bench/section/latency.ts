import { cpus } from 'node:os';
import { interleave } from '../interleave.js';
import { GENERATOR_PROCESSOR, packetsPerSecond, startLoad } from '../load/generator.js';
import { roundTrips } from '../load/round-trip.js';
import { endsOf, pathOf, type RunContext } from '../run-context.js';
import { quantile } from '../statistics.js';
import type { TableSubject } from '../subjects.js';

const ALL: readonly TableSubject[] = [
  ...(['plain', 'plainSameHops', 'vxlan', 'ovs', 'routed', 'nat'] as const),
];

/** At 1,000 a second. */
const PINGS = 2_000;
const LOAD = 0.8;
/** The load lasts longer than the pings, and is ended with them. */
const LOAD_SECONDS = 30;

/**
 * Round trips without other load and at 80 % of the packets per second that a packet socket brings
 * through; it keeps a rate. The load has a processor for itself, ping another one.
 */
export async function measureLatency(context: RunContext): Promise<void> {
  const subjects: TableSubject[] = [];
  for (const subject of ALL)
    if (context.wants(subject) && (await endsOf(context, subject)) !== undefined)
      subjects.push(subject);
  const rounds = Math.min(3, context.extent.rounds);
  await interleave(context, subjects, rounds, 'roundTrip', async (subject, round) => {
    if (round > 0) await measureRound(context, subject);
  });
}

async function measureRound(context: RunContext, subject: TableSubject): Promise<void> {
  const { measurements, say } = context;
  const [ends, path] = [await endsOf(context, subject), await pathOf(context, subject)];
  if (ends === undefined || path === undefined) return;
  const low = await roundTrips(ends, PINGS, 0);
  measurements.record(subject, 'roundTripLowP50', quantile(low, 0.5));
  measurements.record(subject, 'roundTripLowP99', quantile(low, 0.99));

  const rate = await packetsPerSecond(path, context.extent.seconds, 'packetSocket');
  if (cpus().length === 1) throw new Error('there is one processor, which the load needs');
  const load = await startLoad(path, { seconds: LOAD_SECONDS, packetsPerSecond: LOAD * rate });
  let loaded: readonly number[];
  try {
    loaded = await roundTrips(ends, PINGS, GENERATOR_PROCESSOR - 1);
  } finally {
    await load.stop();
  }
  measurements.record(subject, 'roundTripLoadedP50', quantile(loaded, 0.5));
  measurements.record(subject, 'roundTripLoadedP99', quantile(loaded, 0.99));
  say(
    `${subject}: round trip ${quantile(low, 0.5).toFixed(0)} µs, p99 ${quantile(low, 0.99).toFixed(0)} µs; ` +
      `at ${LOAD * 100} % load ${quantile(loaded, 0.5).toFixed(0)} µs, p99 ${quantile(loaded, 0.99).toFixed(0)} µs`,
  );
}

import { interleave } from '../interleave.js';
import { packetsPerSecond } from '../load/generator.js';
import { between, busiestShare, readProcessors } from '../load/processors.js';
import { transfer } from '../load/tcp.js';
import type { RunContext } from '../run-context.js';
import { NETWORKS } from '../topology/plan.js';

const SUBJECTS = ['plain', 'routed', 'routedSteered'] as const;

/** The seed's load test: fifteen VM networks at once, against fifteen pairs over plain routing. */
export async function measureNetworks(context: RunContext): Promise<void> {
  const { extent, measurements, say } = context;
  const subjects = SUBJECTS.filter((subject) => context.wants(subject));
  const rounds = Math.ceil(extent.rounds / 2);
  await interleave(context, subjects, rounds, 'networks15', async (subject, round) => {
    const { ends, all } = (await context.topology(subject)) ?? {};
    if (ends === undefined || all === undefined) return;
    const seconds = Math.max(1, extent.seconds * 2);
    const moved = await transfer(ends, { streams: 1, clients: NETWORKS, seconds });
    const before = readProcessors();
    const rate = await packetsPerSecond(all, extent.seconds, extent.generator);
    const work = between(before, readProcessors());
    if (round === 0) return;
    measurements.record(subject, 'networks15', moved.gbitPerSecond);
    const busiest = busiestShare(moved.processors, ({ interrupt }) => interrupt);
    measurements.record(subject, 'networks15Busiest', busiest);
    measurements.record(subject, 'oneQueuePps', rate);
    measurements.record(
      subject,
      'oneQueueBusiest',
      busiestShare(work, ({ system, interrupt }) => system + interrupt),
    );
    say(
      `${subject}: ${NETWORKS} networks ${moved.gbitPerSecond.toFixed(2)} Gbit/s, busiest processor ${busiest.toFixed(2)}`,
    );
  });
}

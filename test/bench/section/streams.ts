import { interleave } from '../interleave.js';
import { total } from '../load/processors.js';
import { transfer, type Transfer } from '../load/tcp.js';
import type { Metric } from '../measurements.js';
import { endsOf, type RunContext } from '../run-context.js';
import type { TableSubject } from '../subjects.js';
import type { Ends } from '../topology/path.js';

const ALL: readonly TableSubject[] = [
  ...(['plain', 'plainSameHops', 'plainMasquerade', 'vxlan', 'ovs', 'routed', 'nat'] as const),
];
const SHORT: readonly TableSubject[] = ['plain', 'vxlan', 'routed'];

const STREAMS: readonly (readonly [streams: number, metric: Metric])[] = [
  [1, 'tcp1'],
  [4, 'tcp4'],
  [15, 'tcp15'],
];

/** Of which the work per Gbit is told. */
const WORK_AT = 4;

/** Fewer rounds than of packets: a stream is steadier, and there are three kinds. */
export async function measureStreams(context: RunContext): Promise<void> {
  const { extent, say, measurements } = context;
  const ends = new Map<TableSubject, Ends>();
  for (const subject of extent.short ? SHORT : ALL) {
    const found = context.wants(subject) ? await endsOf(context, subject) : undefined;
    if (found !== undefined) ends.set(subject, found);
  }
  const kinds = STREAMS.filter(([streams]) => !extent.short || streams === WORK_AT);
  const rounds = Math.ceil(extent.rounds / 2);
  await interleave(context, [...ends.keys()], rounds, 'tcp', async (subject, round) => {
    const between = ends.get(subject);
    if (between === undefined) return;
    for (const [streams, metric] of round === 0 ? kinds.slice(-1) : kinds) {
      const seconds = Math.max(1, extent.seconds * (round === 0 ? 1 : 2));
      const moved = await transfer(between, { streams, seconds });
      if (round === 0) continue;
      measurements.record(subject, metric, moved.gbitPerSecond);
      say(`${subject}: ${moved.gbitPerSecond.toFixed(2)} Gbit/s, ${streams} stream(s)`);
      if (streams === WORK_AT) recordWork(context, subject, moved);
    }
  });
}

/** The kernel's work on all processors; what the ends do in user space is the same for all. */
function recordWork(
  { measurements }: RunContext,
  subject: TableSubject,
  { gbitPerSecond, seconds, processors }: Transfer,
): void {
  const gbit = gbitPerSecond * seconds;
  const kernel = total(processors, ({ system, interrupt }) => system + interrupt);
  measurements.record(subject, 'gbitPerCpuSecond', gbit / kernel);
  measurements.record(
    subject,
    'gbitPerSoftirqSecond',
    gbit / total(processors, ({ interrupt }) => interrupt),
  );
}

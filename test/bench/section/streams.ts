import { interleave } from '../interleave.js';
import { total } from '../load/processors.js';
import { transfer, type Transfer } from '../load/tcp.js';
import type { Metric } from '../measurements.js';
import { endsOf, type RunContext } from '../run-context.js';
import type { TableSubject } from '../subjects.js';
import type { Ends } from '../topology/path.js';

const ALL: readonly TableSubject[] = [
  ...(['direct', 'nvgreDirect', 'plain', 'plainSameHops', 'plainMasquerade'] as const),
  ...(['vxlan', 'ovs', 'routed', 'nat'] as const),
];
const SHORT: readonly TableSubject[] = ['plain', 'vxlan', 'routed'];

interface Kind {
  readonly streams: number;
  readonly metric: Metric;
  /** From the outside to the VM. */
  readonly inwards?: boolean;
  /** How long the packets were, which shows whether segmentation offload was whole. */
  readonly packetBytes?: Metric;
  /** Of which the work per Gbit is told. */
  readonly work?: boolean;
  readonly short?: boolean;
}

const KINDS: readonly Kind[] = [
  { streams: 1, metric: 'tcp1' },
  { streams: 15, metric: 'tcp15' },
  { streams: 4, metric: 'tcp4In', packetBytes: 'tcp4InPacketBytes', inwards: true, short: true },
  { streams: 4, metric: 'tcp4', packetBytes: 'tcp4PacketBytes', work: true, short: true },
];

/** Fewer rounds than of packets: a stream is steadier, and there are four kinds. */
export async function measureStreams(context: RunContext): Promise<void> {
  const { extent, say, measurements } = context;
  const ends = new Map<TableSubject, Ends>();
  for (const subject of extent.short ? SHORT : ALL) {
    const found = context.wants(subject) ? await endsOf(context, subject) : undefined;
    if (found !== undefined) ends.set(subject, found);
  }
  const kinds = KINDS.filter(({ short }) => !extent.short || short === true);
  const rounds = Math.ceil(extent.rounds / 2);
  await interleave(context, [...ends.keys()], rounds, 'tcp', async (subject, round) => {
    const between = ends.get(subject);
    if (between === undefined) return;
    for (const kind of round === 0 ? kinds.slice(-1) : kinds) {
      const { streams, metric, inwards = false } = kind;
      const seconds = Math.max(1, extent.seconds * (round === 0 ? 1 : 2));
      const moved = await transfer(between, { streams, seconds, inwards });
      if (round === 0) continue;
      measurements.record(subject, metric, moved.gbitPerSecond);
      if (kind.packetBytes !== undefined)
        measurements.record(subject, kind.packetBytes, moved.bytesPerPacket);
      if (kind.work === true) recordWork(context, subject, moved);
      say(
        `${subject}: ${moved.gbitPerSecond.toFixed(2)} Gbit/s, ${streams} stream(s)${inwards ? ', inwards' : ''}`,
      );
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

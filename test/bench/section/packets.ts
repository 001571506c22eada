import { interleave } from '../interleave.js';
import { packetsPerSecond } from '../load/generator.js';
import type { GeneratorKind } from '../load/job.js';
import type { Metric } from '../measurements.js';
import { pathOf, type RunContext } from '../run-context.js';
import type { TableSubject } from '../subjects.js';
import type { Path } from '../topology/path.js';

const ALL: readonly TableSubject[] = [
  ...(['direct', 'plain', 'plainSameHops', 'plainMasquerade', 'vxlan', 'vxlanIn', 'ovs'] as const),
  ...(['routed', 'routedIn', 'nat', 'hairpin'] as const),
];
const SHORT: readonly TableSubject[] = ALL.filter((subject) => subject !== 'vxlanIn');

/** Warms caches up and shows whether packets arrive at all. */
const WARM_UP_SECONDS = 0.2;

/** Packets/s with the smallest frames. */
export async function measurePackets(context: RunContext): Promise<void> {
  const { extent, say, measurements } = context;
  const paths = new Map<TableSubject, Path>();
  for (const subject of extent.short ? SHORT : ALL) {
    const path = context.wants(subject) ? await pathOf(context, subject) : undefined;
    if (path !== undefined) paths.set(subject, path);
  }
  const kinds: (readonly [Metric, GeneratorKind])[] = [
    ['pps', extent.generator],
    ...(extent.short || extent.generator === 'liveFrames'
      ? []
      : [['ppsNoWire', 'liveFrames'] as const]),
  ];
  await interleave(context, [...paths.keys()], extent.rounds, 'pps', async (subject, round) => {
    const path = paths.get(subject);
    if (path === undefined) return;
    const seconds = round === 0 ? WARM_UP_SECONDS : extent.seconds;
    for (const [metric, generator] of kinds) {
      const rate = await packetsPerSecond(path, seconds, generator);
      if (round === 0) continue;
      measurements.record(subject, metric, rate);
      say(`${subject}.${metric}: ${Math.round(rate).toLocaleString('en')} packets/s`);
    }
  });
}

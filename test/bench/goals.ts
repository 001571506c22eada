import type { ControlPlane } from './control/figures.js';
import type { Measurements, Metric } from './measurements.js';
import type { SubjectKey } from './subjects.js';

/** Where the figures of a run are looked up. */
export interface Figures {
  readonly measurements: Pick<Measurements, 'ratio' | 'medians'>;
  readonly controlPlane: ControlPlane;
}

/** What the product is to reach. */
export interface Goal {
  /** The name that it has in the report and in floors.ts. */
  readonly key: string;
  readonly unit: 'ratio' | 'seconds' | 'milliseconds' | 'megabytes' | 'packets' | 'per second';
  readonly bound: Bound;
  /** Undefined where it was not measured. */
  readonly value: (figures: Figures) => number | undefined;
}

export type Bound = { readonly atLeast: number } | { readonly atMost: number };

export interface GoalResult {
  readonly value: number;
  readonly unit: Goal['unit'];
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly holds: boolean;
}

function ratio(
  subject: SubjectKey,
  reference: SubjectKey,
  metric: Metric,
  atLeast: number,
  key = `${subject}.${metric} / ${reference}.${metric}`,
): Goal {
  return {
    ...{ key, unit: 'ratio', bound: { atLeast } },
    value: ({ measurements }) => measurements.ratio(subject, reference, metric),
  };
}

function figure(
  key: string,
  unit: Goal['unit'],
  bound: Bound,
  of: (controlPlane: ControlPlane) => number | undefined,
): Goal {
  return { key, unit, bound, value: ({ controlPlane }) => of(controlPlane) };
}

/** Pushed to an empty gateway: its routing domains, then the records. */
function initialPush({ records }: ControlPlane, count: number): number | undefined {
  const [domains, own] = [records['0'], records[String(count)]];
  return domains === undefined || own === undefined || own.routingDomains < 1_000
    ? undefined
    : domains.synchronizedSeconds + own.synchronizedSeconds;
}

const MILLION = 1_000_000;

export const GOALS: readonly Goal[] = [
  ratio('routed', 'plainSameHops', 'pps', 1.1),
  ratio('routedIn', 'plainSameHops', 'pps', 1.1),
  ratio('routed', 'plain', 'pps', 0.95),
  ratio('routedIn', 'plain', 'pps', 0.95),
  ratio('routed', 'vxlan', 'pps', 1.4),
  ratio('nat', 'plainMasquerade', 'pps', 1.05),
  ratio('routed', 'ovs', 'pps', 1.5),
  ratio('routed', 'plain', 'tcp4', 0.95),
  ratio('routed', 'vxlan', 'gbitPerCpuSecond', 1.1),
  ratio('hairpin', 'routed', 'pps', 1),
  ratio('records1000000', 'records10', 'pps', 0.95),
  ratio('recordsRandom', 'routesRandom', 'pps', 0.9),
  ratio('routed', 'plain', 'networks15', 0.95),
  {
    ...{ key: 'routed.networks15Busiest', unit: 'ratio', bound: { atMost: 0.6 } },
    value: ({ measurements }) => measurements.medians().routed?.networks15Busiest,
  },
  figure('push of 10^5 records', 'seconds', { atMost: 2 }, (all) => initialPush(all, 100_000)),
  figure('push of 10^6 records', 'seconds', { atMost: 20 }, (all) => initialPush(all, MILLION)),
  figure(
    'resident memory at 10^6 records',
    'megabytes',
    { atMost: 1536 },
    ({ records }) => records[String(MILLION)]?.residentPeakMegabytes,
  ),
  figure(
    'one-record change at 10^6 records, p99',
    'milliseconds',
    { atMost: 10 },
    ({ oneRecordChange: change }) =>
      change?.records === MILLION ? change.p99Milliseconds : undefined,
  ),
  figure(
    'one-record changes at 10^6 records',
    'per second',
    { atLeast: 2_000 },
    ({ oneRecordChange: change }) =>
      change?.records === MILLION ? change.pipelinedPerSecond : undefined,
  ),
  figure(
    'event loop stall, one-record changes at 10^6 records',
    'milliseconds',
    { atMost: 50 },
    ({ oneRecordChange: change }) =>
      change?.records === MILLION ? change.eventLoopStallMilliseconds : undefined,
  ),
  figure('restart with 10^6 records', 'seconds', { atMost: 6 }, ({ restart }) =>
    restart?.records === MILLION ? restart.readySeconds : undefined,
  ),
  figure(
    'packets lost by the restart',
    'packets',
    { atMost: 0 },
    ({ restart }) => restart?.packetsLost,
  ),
  figure('1,000 VM networks with NAT', 'seconds', { atMost: 60 }, ({ natNetworks: nat }) =>
    nat?.networks === 1_000 ? nat.allCarrySeconds : undefined,
  ),
];

/** Those that were measured, by key. A figure at which a measurement gave up holds nothing. */
export function judge(
  figures: Figures,
  goals: readonly Goal[] = GOALS,
): Record<string, GoalResult> {
  const judged: Record<string, GoalResult> = {};
  for (const { key, unit, bound, value } of goals) {
    const found = value(figures);
    if (found === undefined) continue;
    judged[key] = { value: found, unit, ...bound, holds: holds(found, bound) };
  }
  return judged;
}

/** What is not a number holds nothing. */
export function holds(value: number, bound: Bound): boolean {
  return 'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost;
}

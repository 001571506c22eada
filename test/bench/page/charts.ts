import type { Medians, Metric } from '../measurements.js';
import type { Report } from '../report.js';
import { SUBJECTS, isTableSubject, subjectTitle, type SubjectKey } from '../subjects.js';
import type { Bar } from './bars.js';

/** A heading, what the figures mean, and the bars. */
export interface Chart {
  readonly heading: string;
  readonly about: string;
  readonly bars: readonly Bar[];
}

const OURS: ReadonlySet<SubjectKey> = new Set<SubjectKey>([
  ...(['routed', 'routedIn', 'nat', 'hairpin', 'ipsec'] as const),
  ...(['records10', 'records1000000', 'recordsRandom'] as const),
]);

const RECORD_TABLES: ReadonlySet<SubjectKey> = new Set<SubjectKey>([
  ...(['records10', 'records1000000', 'recordsRandom', 'routesRandom'] as const),
]);

/** The charts of a report in the order of the page; those without bars are left out. */
export function chartsOf(report: Report): Chart[] {
  const of = (metric: Metric, keep: (subject: SubjectKey) => boolean = () => true): Bar[] =>
    metricBars(report, metric, keep);
  const charts: Chart[] = [
    {
      heading: 'Small packets per second',
      about: `Frames of 64 bytes, the smallest there are; more is better. Whiskers: the slowest and the fastest of ${report.rounds} rounds. Cost follows packets, so this is the hardest figure. The ends alone are shown first: they must be faster than all others.`,
      bars: of('pps', (subject) => isTableSubject(subject)),
    },
    {
      heading: 'Small packets per second, without a wire',
      about:
        'The same, the packets put straight into the receive path of the device (BPF live frames): less that all have in common, so differences show more.',
      bars: of('ppsNoWire'),
    },
    {
      heading: 'One TCP stream',
      about: 'Gbit/s from a VM to the outside.',
      bars: of('tcp1'),
    },
    { heading: 'Four TCP streams', about: 'Gbit/s, all together.', bars: of('tcp4') },
    { heading: 'Fifteen TCP streams', about: 'Gbit/s, all together.', bars: of('tcp15') },
    {
      heading: 'Gbit per second of processor time',
      about:
        'Four streams; all time that the kernel spent on all processors, TCP of both ends included. More is better.',
      bars: of('gbitPerCpuSecond'),
    },
    {
      heading: 'Round trip without other load',
      about: 'Microseconds, median and (lighter) 99th percentile; less is better.',
      bars: pairs(report, 'roundTripLowP50', 'roundTripLowP99'),
    },
    {
      heading: 'Round trip at 80 % load',
      about: 'While the path carries 80 % of the small packets that it can.',
      bars: pairs(report, 'roundTripLoadedP50', 'roundTripLoadedP99'),
    },
    {
      heading: 'Fifteen VM networks at once',
      about: 'Gbit/s, one TCP stream in each; and how much the busiest processor did.',
      bars: of('networks15'),
    },
    {
      heading: 'Fifteen VM networks from one receive queue',
      about: 'Small packets per second, all arriving on one processor.',
      bars: of('oneQueuePps'),
    },
    {
      heading: 'Large tables',
      about: 'Small packets per second into one routing domain.',
      bars: of('pps', (subject) => RECORD_TABLES.has(subject)),
    },
    ...controlPlaneCharts(report),
  ];
  return charts.filter(({ bars }) => bars.length > 0);
}

function subjectsOf(report: Report): SubjectKey[] {
  const order = Object.keys(SUBJECTS);
  const rank = (subject: SubjectKey): number =>
    isTableSubject(subject) ? order.indexOf(subject) : order.length;
  return (Object.keys(report.results) as SubjectKey[]).toSorted((a, b) => rank(a) - rank(b));
}

function metricBars(report: Report, metric: Metric, keep: (subject: SubjectKey) => boolean): Bar[] {
  return subjectsOf(report)
    .filter(keep)
    .flatMap((subject) => {
      const medians: Medians = report.results[subject] ?? {};
      const value = medians[metric];
      if (value === undefined) return [];
      const spread = report.spread[subject]?.[metric];
      const share = metric === 'networks15' ? medians.networks15Busiest : undefined;
      return [
        {
          ...{ label: subjectTitle(subject), value, ours: OURS.has(subject) },
          ...(spread === undefined ? {} : { spread }),
          ...(share === undefined
            ? {}
            : { note: `busiest processor ${Math.round(share * 100)} %` }),
        },
      ];
    });
}

function pairs(report: Report, metric: Metric, beyond: Metric): Bar[] {
  return subjectsOf(report).flatMap((subject) => {
    const { [metric]: value, [beyond]: further } = report.results[subject] ?? {};
    if (value === undefined || further === undefined) return [];
    return [{ label: subjectTitle(subject), value, beyond: further, ours: OURS.has(subject) }];
  });
}

function controlPlaneCharts({ controlPlane: { records, ...others } }: Report): Chart[] {
  const sizes = Object.values(records);
  const label = (count: number): string =>
    count === 0 ? 'routing domains alone' : `${count.toLocaleString('en')} records`;
  const change = others.oneRecordChange;
  return [
    {
      heading: 'Control plane: push until the kernel has it',
      about:
        'Seconds from the first byte of the push, records upon routing domains that are there.',
      bars: sizes.map((each) => ({
        ...{ label: label(each.records), value: each.synchronizedSeconds, ours: true },
        ...(each.gaveUp ? { note: 'gave up' } : {}),
      })),
    },
    {
      heading: 'Control plane: memory',
      about: 'Megabytes resident in the daemon, and (lighter) its highest.',
      bars: sizes.map((each) => ({
        ...{ label: label(each.records), value: each.residentMegabytes, ours: true },
        beyond: each.residentPeakMegabytes,
      })),
    },
    {
      heading: 'Control plane: one record changes',
      about: 'Milliseconds from the request to the first packet at the new host, median and p99.',
      bars:
        change === undefined
          ? []
          : [
              {
                ...{ label: label(change.records), value: change.p50Milliseconds, ours: true },
                ...{ beyond: change.p99Milliseconds },
                note: `${Math.round(change.pipelinedPerSecond).toLocaleString('en')} changes/s`,
              },
            ],
    },
  ];
}

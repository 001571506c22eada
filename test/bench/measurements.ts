import { median, pairedRatio, significant, spreadOf, type Spread } from './statistics.js';
import type { SubjectKey } from './subjects.js';

/** What is measured of a subject, one value a round. */
export const METRICS = {
  pps: 'small packets per second',
  ppsNoWire: 'small packets per second, put straight into the device’s receive path',
  tcp1: 'Gbit/s, one TCP stream',
  tcp4: 'Gbit/s, 4 TCP streams',
  tcp15: 'Gbit/s, 15 TCP streams',
  tcp4In: 'Gbit/s, 4 TCP streams from the outside to the VM',
  tcp4PacketBytes: 'bytes a packet of 4 TCP streams, as the server receives them',
  tcp4InPacketBytes: 'bytes a packet of 4 TCP streams from the outside, as the VM receives them',
  gbitPerCpuSecond: 'Gbit per second of processor time, user time of the ends apart',
  gbitPerSoftirqSecond: 'Gbit per second of processor time in softirq',
  roundTripLowP50: 'µs, round trip without other load, median',
  roundTripLowP99: 'µs, round trip without other load, 99th percentile',
  roundTripLoadedP50: 'µs, round trip at 80 % of the packets it can do, median',
  roundTripLoadedP99: 'µs, round trip at 80 % of the packets it can do, 99th percentile',
  networks15: 'Gbit/s, one TCP stream in each of fifteen VM networks',
  networks15Busiest: 'share of the softirq work that the busiest processor did meanwhile',
  oneQueuePps: 'small packets per second, fifteen VM networks, all from one receive queue',
  oneQueueBusiest: 'share of the kernel’s work that the busiest processor did meanwhile',
} as const;

export type Metric = keyof typeof METRICS;

/** What was measured of one subject: medians over the rounds. */
export type Medians = Partial<Record<Metric, number>>;

/** Values by subject, metric and round. */
export interface Measurements {
  record(subject: SubjectKey, metric: Metric, value: number): void;
  samples(subject: SubjectKey, metric: Metric): readonly number[];
  /** Of one metric, see {@link pairedRatio}; undefined where one of them was not measured. */
  ratio(subject: SubjectKey, reference: SubjectKey, metric: Metric): number | undefined;
  medians(): Partial<Record<SubjectKey, Medians>>;
  spreads(): Partial<Record<SubjectKey, Partial<Record<Metric, Spread>>>>;
}

export function createMeasurements(): Measurements {
  const book = new Map<SubjectKey, Map<Metric, number[]>>();
  const samples = (subject: SubjectKey, metric: Metric): readonly number[] =>
    book.get(subject)?.get(metric) ?? [];
  const table = <Value>(of: (values: readonly number[]) => Value) =>
    Object.fromEntries(
      [...book].map(([subject, metrics]) => [
        subject,
        Object.fromEntries([...metrics].map(([metric, values]) => [metric, of(values)])),
      ]),
    );
  return {
    record(subject, metric, value) {
      const metrics = book.get(subject) ?? new Map<Metric, number[]>();
      book.set(subject, metrics);
      metrics.set(metric, [...(metrics.get(metric) ?? []), value]);
    },
    samples,
    ratio(subject, reference, metric) {
      const [values, base] = [samples(subject, metric), samples(reference, metric)];
      if (values.length === 0 || base.length === 0) return undefined;
      return significant(pairedRatio(values, base));
    },
    medians: () => table((values) => significant(median(values))),
    spreads: () =>
      table((values) => {
        const { min, max } = spreadOf(values);
        return { min: significant(min), max: significant(max) };
      }),
  };
}

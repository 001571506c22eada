import type { CounterReading } from '../port.js';
import { counterCodec } from './codecs.js';
import { libbpf, type Fd } from './libbpf.js';
import { typedMap } from './map.js';

/** All counters, the CPUs' copies added up. */
export function readCounters(map: Fd): CounterReading[] {
  const cpus = libbpf().possibleCpus();
  return typedMap(map, counterCodec(cpus), cpus)
    .entries()
    .map(([key, value]) => ({ ...key, ...value }));
}

import type { CounterReading } from '../port.js';
import { counterCodec } from './codecs.js';
import { libbpf, type Fd } from './libbpf.js';
import { typedMap } from './map.js';

/** All counters by VSID and verdict, the CPUs' copies added up. The map itself has no order. */
export function readCounters(map: Fd): CounterReading[] {
  const cpus = libbpf().possibleCpus();
  return typedMap(map, counterCodec(cpus), cpus)
    .entries()
    .map(([key, value]) => ({ ...key, ...value }))
    .sort((a, b) => a.vsid - b.vsid || a.verdict - b.verdict);
}

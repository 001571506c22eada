import type { CounterReading } from '../port.js';
import { counterCodec } from './codecs.js';
import { earlierEntries, type EarlierMap } from './earlier-maps.js';
import { libbpf, type Fd } from './libbpf.js';
import { typedMap } from './map.js';

/**
 * All counters by VSID and verdict, the CPUs' copies added up, and what earlier maps have counted
 * with them. The map itself has no order.
 */
export function readCounters(map: Fd, earlier: readonly EarlierMap[] = []): CounterReading[] {
  const cpus = libbpf().possibleCpus();
  const codec = counterCodec(cpus);
  const sums = new Map<string, CounterReading>();
  for (const [key, { packets, bytes }] of [
    ...typedMap(map, codec, cpus).entries(),
    ...earlier.flatMap((each) => earlierEntries(each, codec, cpus)),
  ]) {
    const text = `${key.vsid} ${key.verdict}`;
    const sum = sums.get(text) ?? { ...key, packets: 0n, bytes: 0n };
    sums.set(text, { ...sum, packets: sum.packets + packets, bytes: sum.bytes + bytes });
  }
  return [...sums.values()].sort((a, b) => a.vsid - b.vsid || a.verdict - b.verdict);
}

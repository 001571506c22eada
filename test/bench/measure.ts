import { resolve } from 'node:path';
import { runIn } from '../support/namespace.js';
import type { Path } from './path.js';

const BLAST = resolve('dist/test/bench/blast.js');

/** Packets/s that reach the sink of the path while its sender sends as fast as it can. */
export async function packetsPerSecond(path: Path, seconds: number): Promise<number> {
  const before = await path.received();
  const frames = path.frames.map((frame) => Buffer.from(frame).toString('hex'));
  const output = await runIn(
    path.sender,
    process.execPath,
    [BLAST, path.device, String(seconds), ...frames],
    { timeout: (seconds + 20) * 1000 },
  );
  const took = (JSON.parse(output) as { readonly seconds: number }).seconds;
  return ((await path.received()) - before) / took;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

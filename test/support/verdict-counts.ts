import type { Gateway } from './gateway.js';

/** Packets of virtual subnets by verdict. */
export type VerdictCounts = Readonly<Record<string, number>>;

/** Each call answers with what the gateway has counted since the one before; the first with all. */
export function countVerdicts(
  gateway: Gateway,
  isCounted: (vsid: number) => boolean,
): () => Promise<VerdictCounts> {
  let before: ReadonlyMap<string, number> = new Map();
  return async () => {
    const { counters } = JSON.parse(await gateway.nvgate(['counters', '-o', 'json'])) as {
      readonly counters: readonly { vsid: number; verdict: string; packets: number }[];
    };
    const now = new Map<string, number>();
    for (const { vsid, verdict, packets } of counters)
      if (isCounted(vsid)) now.set(verdict, (now.get(verdict) ?? 0) + packets);
    const changed = [...now]
      .map(([verdict, packets]) => [verdict, packets - (before.get(verdict) ?? 0)] as const)
      .filter(([, packets]) => packets > 0);
    before = now;
    return Object.fromEntries(changed);
  };
}

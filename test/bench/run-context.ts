import { messageOf } from '../../src/errors.js';
import type { ControlPlane } from './control/figures.js';
import type { GeneratorKind } from './load/job.js';
import type { Measurements } from './measurements.js';
import { SUBJECTS, TOPOLOGIES, type TableSubject, type TopologyKey } from './subjects.js';
import type { Ends, Path, Topology } from './topology/path.js';

/** How much is measured. */
export interface Extent {
  readonly rounds: number;
  /** Of one measurement of packets or streams. */
  readonly seconds: number;
  readonly generator: GeneratorKind;
  /** All of a section's where empty. */
  readonly only: readonly string[];
  readonly short: boolean;
}

/** What the sections share. */
export interface RunContext {
  readonly extent: Extent;
  readonly measurements: Measurements;
  readonly controlPlane: ControlPlane;
  /** Names what could not be measured, and why. */
  readonly unavailable: (what: string, reason: string) => void;
  readonly say: (line: string) => void;
  /** What stands between the ends, made at the first call; undefined where it cannot be made. */
  topology(key: TopologyKey): Promise<Topology | undefined>;
  /** Whether the subject was asked for. */
  wants(subject: string): boolean;
}

/** The path of a subject; undefined where its topology cannot be made. */
export async function pathOf(
  context: RunContext,
  subject: TableSubject,
): Promise<Path | undefined> {
  const { topology, path } = SUBJECTS[subject];
  return (await context.topology(topology))?.[path];
}

export async function endsOf(
  context: RunContext,
  subject: TableSubject,
): Promise<Ends | undefined> {
  return (await context.topology(SUBJECTS[subject].topology))?.ends;
}

export interface TopologyCache {
  get(key: TopologyKey): Promise<Topology | undefined>;
  removeAll(): Promise<void>;
}

export function createTopologyCache(
  unavailable: (what: string, reason: string) => void,
): TopologyCache {
  const made = new Map<TopologyKey, Promise<Topology | undefined>>();
  const make = async (key: TopologyKey): Promise<Topology | undefined> => {
    const kind = TOPOLOGIES[key];
    const missing = 'missing' in kind ? await kind.missing() : undefined;
    if (missing !== undefined) {
      unavailable(key, missing);
      return undefined;
    }
    try {
      return await kind.create();
    } catch (error) {
      unavailable(key, messageOf(error));
      return undefined;
    }
  };
  return {
    get(key) {
      const topology = made.get(key) ?? make(key);
      made.set(key, topology);
      return topology;
    },
    async removeAll() {
      for (const topology of made.values()) await (await topology)?.remove();
      made.clear();
    },
  };
}

/** Measures, or says why not: one measurement that fails does not end the run. */
export async function attempt(
  { unavailable, say }: Pick<RunContext, 'unavailable' | 'say'>,
  what: string,
  measure: () => Promise<void>,
): Promise<void> {
  try {
    await measure();
  } catch (error) {
    unavailable(what, messageOf(error));
    say(`${what}: ${messageOf(error)}`);
  }
}

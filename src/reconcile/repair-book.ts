import { objectKey, partOf, type KernelObject, type Place } from '../dataplane/kernel-object.js';
import type { Operation } from '../dataplane/port.js';

/** Who undoes our repairs so often within this time is not going to stop. */
const OFTEN = 8;
const WINDOW_MS = 60_000;
const FIRST_HOLD_MS = 10_000;
const LONGEST_HOLD_MS = 300_000;

/** Of one run, so many objects are remembered; a namespace that is lost may have held a million. */
const REMEMBERED = 1_000;

/**
 * Remembers what had to be mended, so that nvgate and somebody who undoes it do not work against
 * each other as fast as the machine can: what is undone again and again is mended ever more rarely.
 */
export interface RepairBook {
  /** The operations, in their order, of a run of which no push has asked for them. */
  repaired(operations: readonly Operation[]): void;
  /**
   * Says which operations are to wait: what is contested, and everything in a routing domain whose
   * namespace or link is.
   */
  judge(operations: readonly Operation[]): Judgement;
}

export interface Judgement {
  readonly due: readonly Operation[];
  /** Contested objects, each with the reason; what waits with them is not named. */
  readonly held: ReadonlyMap<Operation, string>;
}

interface Entry {
  /** When it was mended, within the window. */
  times: number[];
  /** How often it was held in a row. */
  holds: number;
  /** Until then it is held. */
  until: number;
}

export function createRepairBook(): RepairBook {
  const entries = new Map<string, Entry>();

  function note(key: string, now: number): void {
    const entry = entries.get(key) ?? { times: [], holds: 0, until: 0 };
    entries.set(key, entry);
    entry.times = [...entry.times.filter((time) => time > now - WINDOW_MS), now];
    if (entry.holds === 0 && entry.times.length < OFTEN) return;
    entry.until = now + Math.min(FIRST_HOLD_MS * 2 ** entry.holds, LONGEST_HOLD_MS);
    entry.holds++;
  }

  /** What has stayed mended for a while is forgotten. */
  function forget(now: number): void {
    for (const [key, { times, until }] of entries)
      if (Math.max(until, times.at(-1) ?? 0) + WINDOW_MS < now) entries.delete(key);
  }

  function holdOf(object: KernelObject, now: number): number | undefined {
    const until = entries.get(objectKey(object))?.until ?? 0;
    return until > now ? until : undefined;
  }

  return {
    repaired(operations) {
      const now = Date.now();
      forget(now);
      for (const { object } of lostByThemselves(operations).slice(0, REMEMBERED))
        note(objectKey(object), now);
    },
    judge(operations) {
      if (entries.size === 0) return { due: operations, held: new Map() };
      const now = Date.now();
      const held = new Map<Operation, string>();
      const parts = new Set<Place>();
      for (const operation of operations) {
        const until = holdOf(operation.object, now);
        if (until === undefined) continue;
        held.set(operation, reasonText(until));
        if (isContainer(operation.object)) parts.add(partOf(operation.object));
      }
      const due = operations.filter(
        (operation) => !held.has(operation) && !parts.has(partOf(operation.object)),
      );
      return { due, held };
    },
  };
}

/** Those that have not gone with the namespace or link that they were in. */
function lostByThemselves(operations: readonly Operation[]): readonly Operation[] {
  const outermost = new Map<Place, number>();
  for (const { action, object } of operations)
    if (action === 'add' && depth(object) < INSIDE)
      outermost.set(
        partOf(object),
        Math.min(depth(object), outermost.get(partOf(object)) ?? INSIDE),
      );
  return operations.filter(
    ({ object }) => depth(object) <= (outermost.get(partOf(object)) ?? INSIDE),
  );
}

const INSIDE = 2;

function depth(object: KernelObject): number {
  if (object.kind === 'namespace') return 0;
  return isContainer(object) ? 1 : INSIDE;
}

function reasonText(until: number): string {
  return `Somebody undoes this again and again. It is left so until ${new Date(until).toISOString()}, or until it is pushed. Find out who does it.`;
}

/** Without it nothing else of the part can be made. */
function isContainer({ kind }: KernelObject): boolean {
  return kind === 'namespace' || kind === 'link' || kind === 'tunnelLink';
}

import { refusesPeer, UNNAMED, type LogLine } from './log-book.js';

/** An IKE SA that we turned away. */
export interface Refusal {
  readonly uniqueId: number;
  /** Of its connection; `(unnamed)` where the peer has not said who it is. */
  readonly name: string;
}

/**
 * Peers that we have turned away a moment ago. charon hands each line of its log to whichever
 * thread is free, so the lines that say why may come after the one that refuses: a refusal is
 * explained when no line about it has come for a while, and once more if one comes after all.
 */
export interface Refusals {
  /** @returns whether the line is about a refusal. */
  add(line: LogLine, now: number): boolean;
  /** Those whose lines seem to be all there, and that have not been taken since the last of them. */
  take(now: number): readonly Refusal[];
}

/** Milliseconds without a line after which a refusal is explained. */
export const QUIET = 250;
/** Milliseconds after a refusal in which lines of the same IKE SA are about it. */
const LATEST = 5_000;
const MOST_REFUSALS = 64;

interface Entry extends Refusal {
  readonly refusedAt: number;
  readonly lineAt: number;
  readonly taken: boolean;
}

export function createRefusals(): Refusals {
  const entries = new Map<number, Entry>();

  function forgetOld(now: number): void {
    for (const [id, { refusedAt, taken }] of entries)
      if (taken && now - refusedAt > LATEST) entries.delete(id);
    const [oldest] = entries.keys();
    if (entries.size > MOST_REFUSALS && oldest !== undefined) entries.delete(oldest);
  }

  return {
    add(line, now) {
      const { uniqueId, name } = line;
      const before = entries.get(uniqueId);
      if (before === undefined || now - before.refusedAt > LATEST) {
        if (!refusesPeer(line)) return false;
        entries.set(uniqueId, { uniqueId, name, refusedAt: now, lineAt: now, taken: false });
      } else {
        const named = name === UNNAMED ? before.name : name;
        entries.set(uniqueId, { ...before, name: named, lineAt: now, taken: false });
      }
      forgetOld(now);
      return true;
    },
    take(now) {
      const quiet = [...entries.values()].filter(
        ({ taken, lineAt }) => !taken && now - lineAt >= QUIET,
      );
      for (const entry of quiet) entries.set(entry.uniqueId, { ...entry, taken: true });
      forgetOld(now);
      return quiet.map(({ uniqueId, name }) => ({ uniqueId, name }));
    },
  };
}

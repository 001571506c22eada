import { numberOf, textOf } from '../vici/read.js';
import type { ViciSection } from '../vici/message.js';

/** One line of a charon's log (`log` event). */
export interface LogLine {
  /** Of the IKE SA that the line is about. */
  readonly uniqueId: number;
  /** Of its connection; `(unnamed)` before the peer has said who it is. */
  readonly name: string;
  readonly text: string;
}

/** How charon calls an IKE SA before the peer has said who it is. */
export const UNNAMED = '(unnamed)';
const MOST_LINES = 50;
const MOST_ASSOCIATIONS = 64;

/**
 * The last lines of the newest IKE SAs, so that a failure can be explained after it has happened.
 * Bounded, whatever peers send.
 */
export interface LogBook {
  add(line: LogLine): void;
  /** Lines of an IKE SA, oldest first. */
  of(uniqueId: number): readonly string[];
  /** Lines of the newest IKE SA that has had the name. */
  latestOf(name: string): readonly string[];
  forget(uniqueId: number): void;
}

export function createLogBook(): LogBook {
  const associations = new Map<number, { name: string; lines: string[] }>();
  return {
    add({ uniqueId, name, text }) {
      let entry = associations.get(uniqueId);
      if (entry === undefined) {
        associations.set(uniqueId, (entry = { name, lines: [] }));
        const [oldest] = associations.keys();
        if (associations.size > MOST_ASSOCIATIONS && oldest !== undefined)
          associations.delete(oldest);
      }
      // Lines may come in another order than they were written.
      if (name !== UNNAMED) entry.name = name;
      entry.lines.push(text);
      if (entry.lines.length > MOST_LINES) entry.lines.shift();
    },
    of: (uniqueId) => associations.get(uniqueId)?.lines ?? [],
    latestOf(name) {
      const entries = [...associations.values()].filter((entry) => entry.name === name);
      return entries.at(-1)?.lines ?? [];
    },
    forget: (uniqueId) => void associations.delete(uniqueId),
  };
}

/** undefined: a line that is about no IKE SA. */
export function readLogLine(message: ViciSection): LogLine | undefined {
  const uniqueId = numberOf(message, 'ikesa-uniqueid');
  const text = textOf(message, 'msg');
  if (uniqueId === undefined || text === undefined) return undefined;
  return { uniqueId, name: textOf(message, 'ikesa-name') ?? '', text };
}

/** The line says that we turn a peer away; why is in other lines. */
export function refusesPeer({ text }: LogLine): boolean {
  return /^generating \S+ (response|request) .*\bN\((AUTH_FAILED|NO_PROP|TS_UNACCEPT|INVAL_ID)\)/.test(
    text,
  );
}

/** The IKE SA was ended on purpose, by either side. */
export function endedInOrder(lines: readonly string[]): boolean {
  return lines.some((text) => /^(received DELETE for|closing CHILD_SA)/.test(text));
}

/** Where the messages of an IKE SA came from. */
export function callerOf(lines: readonly string[]): string | undefined {
  for (const text of lines) {
    const match = /^received packet: from (\S+)\[\d+\]/.exec(text);
    if (match !== null) return match[1];
  }
  return undefined;
}

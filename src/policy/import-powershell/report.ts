import type { ErrorCode } from '../../errors.js';

/** Something of the script that is not in the policy, and need not be. */
export interface ImportNote {
  /** 1-based */
  readonly line: number;
  readonly message: string;
}

/** Something of the script that should be in the policy and could not be read. */
export interface ImportProblem extends ImportNote {
  readonly code: ErrorCode;
}

/** Collects what an import has to say. */
export interface Report {
  note(line: number, message: string): void;
  problem(line: number, code: ErrorCode, message: string): void;
  /** In the order of the lines, each thing once, however often a loop has met it. */
  notes(): ImportNote[];
  problems(): ImportProblem[];
}

export function createReport(): Report {
  const notes = new Map<string, ImportNote>();
  const problems = new Map<string, ImportProblem>();
  return {
    note: (line, message) => {
      notes.set(`${line} ${message}`, { line, message });
    },
    problem: (line, code, message) => {
      problems.set(`${line} ${message}`, { line, message, code });
    },
    notes: () => byLine(notes.values()),
    problems: () => byLine(problems.values()),
  };
}

function byLine<Entry extends ImportNote>(entries: Iterable<Entry>): Entry[] {
  return [...entries].sort((a, b) => a.line - b.line);
}

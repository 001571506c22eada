import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { findClang } from './clang.js';

/** How a call fails: before anything was done, after all of it was, or after half of it. */
export type Way = 'before' | 'after' | 'short' | 'kill';

const WAYS: readonly Way[] = ['before', 'after', 'short', 'kill'];
const UNTIL_MENDED = -1;

/**
 * A disk that fails when it is told to, for the writes and syncs of one file by one process. It
 * stands between the process and libc, so that it needs nothing of the kernel.
 */
export interface FaultyDisk {
  /** For the process whose disk it is. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * After `pass` more writes and syncs of the file, they fail.
   * @param options.times so many of them; all until `mend` when it is absent
   */
  fail(options: {
    readonly pass: number;
    readonly way: Way;
    readonly error?: 'EIO' | 'ENOSPC';
    readonly times?: number;
  }): void;
  mend(): void;
  /** Writes and syncs of the file so far. */
  calls(): number;
  /** What the process has done, in its order. */
  journal(): readonly DiskStep[];
}

export type DiskStep =
  | { readonly kind: 'wrote' | 'wroteThrough'; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'synced' }
  /** A line or more on standard output. */
  | { readonly kind: 'said'; readonly text: string };

/**
 * @param directory where its own files go
 * @param file path of the file that it holds
 */
export function createFaultyDisk(
  directory: string,
  file: string,
  { journal = false }: { readonly journal?: boolean } = {},
): FaultyDisk {
  const library = join(directory, 'faulty-disk.so');
  const control = join(directory, 'faulty-disk.control');
  const journalFile = join(directory, 'faulty-disk.journal');
  if (!existsSync(library)) compile(library);
  // In place: the process has it mapped.
  const words = (values: readonly number[]): void =>
    writeFileSync(control, Buffer.from(Int32Array.from(values).buffer), { flag: 'r+' });
  writeFileSync(control, Buffer.alloc(20));
  return {
    env: {
      LD_PRELOAD: library,
      FAULTY_DISK_CONTROL: control,
      FAULTY_DISK_FILE: file,
      ...(journal && { FAULTY_DISK_JOURNAL: journalFile }),
    },
    fail({ pass, way, error = 'EIO', times = UNTIL_MENDED }) {
      words([pass, times, constants.errno[error], WAYS.indexOf(way)]);
    },
    mend: () => words([0, 0, 0, 0]),
    calls: () => readFileSync(control).readInt32LE(16),
    journal: () => readJournal(readFileSync(journalFile)),
  };
}

/** What goes wrong in it ends the process that it is in: there is no room for a runtime of its own. */
const CHECKS = ['-fsanitize=undefined,integer,implicit-conversion', '-fsanitize-trap=all'];

function compile(library: string): void {
  const options = ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', ...CHECKS, '-o', library];
  execFileSync(findClang(), [...options, resolve('test/support/faulty-disk.c')]);
}

const KINDS = [undefined, 'wrote', 'synced', 'wroteThrough', 'said'] as const;
const HEADER = 16;

function readJournal(bytes: Buffer): DiskStep[] {
  const steps: DiskStep[] = [];
  for (let at = 0; at + HEADER <= bytes.length;) {
    const kind = KINDS[bytes.readUInt32LE(at)];
    const length = bytes.readUInt32LE(at + 4);
    const offset = Number(bytes.readBigUInt64LE(at + 8));
    const content = bytes.subarray(at + HEADER, at + HEADER + length);
    at += HEADER + length;
    if (kind === 'synced') steps.push({ kind });
    else if (kind === 'said') steps.push({ kind, text: content.toString() });
    else if (kind !== undefined) steps.push({ kind, offset, bytes: content });
  }
  return steps;
}

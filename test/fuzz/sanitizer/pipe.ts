import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, rmSync, writeSync } from 'node:fs';

/** The two ends of a pipe, as descriptors of this process that block. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/**
 * Node has no pipe(2), and its own pipes to a child answer in a later turn of the event loop. This
 * is a FIFO whose name is gone.
 * @param path where it may have a name meanwhile
 */
export function createPipe(path: string): Pipe {
  execFileSync('mkfifo', ['-m', '600', path]);
  // Who opens one end waits for the other, unless somebody holds both.
  const both = openSync(path, constants.O_RDWR);
  const pipe = { readEnd: openSync(path, 'r'), writeEnd: openSync(path, 'w') };
  closeSync(both);
  rmSync(path);
  return pipe;
}

/** @throws Error `EPIPE` when nobody reads any more */
export function writeAll(pipe: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(pipe, bytes, at, bytes.length - at);
}

/** Fills `bytes`. @returns whether the other end lasted so long */
export function readAll(pipe: number, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    const count = readSync(pipe, bytes, at, bytes.length - at, null);
    if (count === 0) return false;
    at += count;
  }
  return true;
}

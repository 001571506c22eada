import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';

const CLONE_NEWNET = 0x40000000;

/**
 * Moves the calling thread, and only it, into a network namespace until the returned function is
 * called. For system calls that look at the caller's namespace; a process started meanwhile is
 * born there.
 */
export function enterNamespace(path: string): () => void {
  const setns = koffi.load('libc.so.6').func('int setns(int fd, int type)') as (
    fd: number,
    type: number,
  ) => number;
  const home = openSync('/proc/thread-self/ns/net', 'r');
  const target = openSync(path, 'r');
  try {
    if (setns(target, CLONE_NEWNET) !== 0) throw new Error(`cannot enter ${path}`);
  } finally {
    closeSync(target);
  }
  return () => {
    if (setns(home, CLONE_NEWNET) !== 0) throw new Error('cannot leave the namespace');
    closeSync(home);
  };
}

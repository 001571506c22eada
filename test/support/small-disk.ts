import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { atExit } from './process-owner.js';

/** A disk of its own below a directory, which a test may fill. */
export interface SmallDisk {
  /** Writes until nothing more fits. */
  fill(): void;
  /** Takes away what `fill` has written. */
  makeRoom(): void;
  remove(): void;
}

/** Mounts it there; the directory is made. Removed at the latest when this process ends. */
export function mountSmallDisk(directory: string, megabytes: number): SmallDisk {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', directory]);
  const ballast = join(directory, 'ballast');
  const unmount = (): void => {
    spawnSync('umount', ['--lazy', directory]);
  };
  const forget = atExit(unmount);
  return {
    fill() {
      const file = openSync(ballast, 'w');
      try {
        for (const size of [65_536, 4_096, 1]) writeWhileThereIsRoom(file, Buffer.alloc(size, 1));
      } finally {
        closeSync(file);
      }
    },
    makeRoom: () => rmSync(ballast, { force: true }),
    remove() {
      unmount();
      forget();
    },
  };
}

function writeWhileThereIsRoom(file: number, bytes: Buffer): void {
  try {
    while (writeSync(file, bytes) > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

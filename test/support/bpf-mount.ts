import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { atExit, isLeftover, OWNER_TAG } from './process-owner.js';

/** A bpf file system of this process. */
export interface BpfMount {
  readonly path: string;
  /** Unmounts it; pins in it go with it. Twice is fine. */
  remove(): void;
}

/** Mounted below /run; removed at the latest when this process ends. */
export function mountBpf(): BpfMount {
  sweepMounts();
  const path = mkdtempSync(`/run/${OWNER_TAG}-bpf-`);
  execFileSync('mount', ['-t', 'bpf', 'bpf', path]);
  let mounted = true;
  const unmount = (): void => {
    if (!mounted) return;
    mounted = false;
    execFileSync('umount', [path]);
    rmdirSync(path);
  };
  const forget = atExit(unmount);
  return {
    path,
    remove: () => {
      unmount();
      forget();
    },
  };
}

/** What test processes that did not end well have left mounted. */
export function sweepMounts(): void {
  for (const name of readdirSync('/run').filter((entry) => isLeftover(entry))) {
    spawnSync('umount', [`/run/${name}`]);
    rmdirSync(`/run/${name}`);
  }
}

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sweepMounts } from '../support/bpf-mount.js';
import { sweepGatewayNamespaces } from '../support/gateway-instance.js';
import { sweepLeftovers } from '../support/namespace.js';
import { eventually } from '../support/process.js';
import { atExit, isLeftover, OWNER_TAG } from '../support/process-owner.js';

/*
 * A kept demo needs somebody whom it belongs to: what belongs to no process is swept by the next
 * run. So with --keep the demo runs in a process of its own, which stays, the keeper. A directory
 * `/run/<owner tag>-kept` says so.
 */

/** Set in the keeper's environment. */
const KEEPER = 'NVGATE_DEMO_KEEPER';
const RUN_DIRECTORY = '/run';

export function isKeeper(): boolean {
  return process.env[KEEPER] !== undefined;
}

/** Runs this command line again in a keeper. Resolves with its exit status, at the latest when it stays. */
export function runInKeeper(words: readonly string[]): Promise<number> {
  const [, main = ''] = process.argv;
  const keeper = spawn(process.execPath, [main, ...words], {
    env: { ...process.env, [KEEPER]: '1' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // A session of its own, so that it outlives this terminal.
    detached: true,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => keeper.kill(signal));
  return new Promise((resolve, reject) => {
    keeper.on('error', reject);
    keeper.on('exit', (status) => resolve(status ?? 1));
    keeper.on('message', (status) => {
      keeper.disconnect();
      keeper.unref();
      resolve(Number(status));
    });
  });
}

/** In the keeper: ends with whoever has started it, until {@link stay}. */
export function endWithStarter(): void {
  process.once('disconnect', abandoned);
}

function abandoned(): void {
  process.exit(1);
}

/** In the keeper: lets whoever has started it go, with this exit status, and stays. */
export function stay(status: number): void {
  const mark = join(RUN_DIRECTORY, `${OWNER_TAG}-kept`);
  mkdirSync(mark);
  atExit(() => rmSync(mark, { recursive: true, force: true }));
  // Who reads the output to its end must not wait for this process: the numbers get free and are
  // taken again at once.
  for (const descriptor of [1, 2]) {
    closeSync(descriptor);
    openSync('/dev/null', 'w');
  }
  process.off('disconnect', abandoned);
  process.send?.(status);
}

/** Ends kept demos and removes what dead ones left. Resolves with how many there were. */
export async function removeKept(): Promise<number> {
  const marks = keptMarks();
  for (const mark of marks) process.kill(pidIn(mark), 'SIGTERM');
  await eventually('kept demos end', () => marks.every(isLeftover) || undefined, 30_000);
  sweepLeftovers();
  sweepGatewayNamespaces();
  sweepMounts();
  return marks.length;
}

/** Marks of keepers that are alive. */
function keptMarks(): string[] {
  return readdirSync(RUN_DIRECTORY).filter(
    (name) => !Number.isNaN(pidIn(name)) && !isLeftover(name),
  );
}

function pidIn(mark: string): number {
  return Number(/^nvgt-(\d+)-[0-9a-z]+-kept$/.exec(mark)?.[1] ?? Number.NaN);
}

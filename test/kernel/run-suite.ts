import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDirectory } from '../support/namespace.js';
import { sleep } from '../support/process.js';
import type { Tally } from '../tally.js';
import { buildInitialRamDisk } from './boot/initial-ram-disk.js';
import type { KernelImage } from './boot/kernel-package.js';
import { startMachine } from './boot/machine.js';
import type { GuestRecord, TestRecord } from './record.js';
import type { Suite } from './suites.js';

/** A guest that takes longer hangs. */
const LONGEST_RUN = 30 * 60_000;

/** How much slower than the host the guest is taken to be. */
const TIME_FACTOR = 10;

/** Milliseconds between two looks at what the guest has written. */
const LOOK_INTERVAL = 200;

/** How many lines of a guest that breaks down are shown. */
const SHOWN_LINES = 100;

/** Boots the kernel, runs the suite in the guest and prints each test's result as it comes. */
export async function runSuite(suite: Suite, kernel: KernelImage): Promise<Tally> {
  const directory = createDirectory('guest');
  const share = join(directory, 'share');
  mkdirSync(share);
  writeJob(share, suite, kernel);
  const initialRamDisk = await buildInitialRamDisk(kernel, directory);
  const machine = startMachine({ kernel, initialRamDisk, share });
  const timer = setTimeout(() => machine.signal('SIGKILL'), LONGEST_RUN);
  const ended = machine.ended.then(() => true);
  const records: GuestRecord[] = [];
  for (let last = false; !last;) {
    // What came before the end of the machine is there after it.
    last = await Promise.race([ended, sleep(LOOK_INTERVAL).then(() => false)]);
    const fresh = readRecords(share).slice(records.length);
    records.push(...fresh);
    for (const record of fresh) print(record);
  }
  clearTimeout(timer);

  const tally = records.flatMap((record) => ('tally' in record ? [record.tally] : []))[0];
  if (tally !== undefined) return tally;
  console.error(`The guest ended before the suite ${suite.name} did.`);
  if (existsSync(join(share, 'output'))) console.error(tail(read(share, 'output')));
  console.error(tail(machine.stdout() + machine.stderr()));
  return unfinished(records);
}

/** `job` for guest.sh, and the `environment` of all. */
function writeJob(share: string, suite: Suite, kernel: KernelImage): void {
  const environment = {
    NVGATE_GUEST: '1',
    NVGATE_TIME_FACTOR: TIME_FACTOR,
    NVGATE_REPOSITORY: process.cwd(),
    NVGATE_KERNEL_ROOT: kernel.root,
    NO_COLOR: '1',
  };
  const job = [
    ...[process.execPath, 'dist/test/kernel/guest.js', '/run/share/results'],
    ...suite.files,
  ];
  writeFileSync(
    join(share, 'environment'),
    Object.entries(environment)
      .map(([name, value]) => `${name}=${quote(String(value))}\n`)
      .join(''),
  );
  writeFileSync(join(share, 'job'), `exec ${job.map(quote).join(' ')}\n`);
}

/** For a shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function readRecords(share: string): GuestRecord[] {
  if (!existsSync(join(share, 'results'))) return [];
  // The last piece is empty, or a line that is still being written.
  const lines = read(share, 'results').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as GuestRecord);
}

function read(share: string, name: string): string {
  return readFileSync(join(share, name), 'utf8');
}

const MARKS = { passed: '✓', failed: '×', skipped: '↓' } as const;

function print(record: GuestRecord): void {
  if ('test' in record)
    console.log(` ${MARKS[record.state]} ${record.test} ${record.milliseconds} ms`);
  else if ('errors' in record) console.log(`${record.where}:\n${record.errors.join('\n')}`);
}

function tail(text: string): string {
  return text.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
}

/** What came before the guest broke down, and that as a failure. */
function unfinished(records: readonly GuestRecord[]): Tally {
  const namesOf = (wanted: TestRecord['state']): string[] =>
    records.flatMap((each) => ('test' in each && each.state === wanted ? [each.test] : []));
  return {
    passed: namesOf('passed').length,
    failed: namesOf('failed').length + 1,
    skipped: namesOf('skipped').map((test) => ({ test, reason: 'the guest did not say why' })),
  };
}

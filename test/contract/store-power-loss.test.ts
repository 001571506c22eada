import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Policy } from '../../src/model/policy.js';
import { openLmdbStore } from '../../src/policy/lmdb-store.js';
import type { Snapshot } from '../../src/policy/service.js';
import { compileProgram } from '../support/compile-program.js';
import {
  createFaultyDisk,
  type DiskStep,
  type FaultyDisk,
  type Way,
} from '../support/faulty-disk.js';
import { BLUE } from '../support/policy-builder.js';

/*
 * A process writes revision after revision, and the machine fails at any instant: power is lost, the
 * process is killed, the disk reports errors. NVGATE_CRASH_POINTS asks for more instants.
 */
const CRASH_POINTS = Number(process.env['NVGATE_CRASH_POINTS'] ?? 400);

let home: string;
let program: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'nvgate-power-'));
  program = await compileProgram('test/support/store-writer.ts', join(home, 'programs'));
});
afterAll(async () => rm(home, { recursive: true }));

let serial = 0;
let directory: string;
let file: string;
beforeEach(async () => {
  directory = join(home, `state-${(serial += 1)}`);
  file = join(directory, 'policy.mdb');
  const store = await openLmdbStore(directory);
  await store.close();
});

async function reload(from = directory): Promise<Snapshot> {
  const store = await openLmdbStore(from);
  try {
    return await store.load();
  } finally {
    await store.close();
  }
}

/** The number that all records agree on; 1 before there are any. */
function writtenBy(policy: Policy): number {
  const records = [...(policy.routingDomains.get(BLUE)?.lookupRecords.values() ?? [])];
  const names = new Set(records.map(({ vmName }) => vmName));
  expect(names.size).toBeLessThanOrEqual(1);
  return Number(([...names][0] ?? 'revision 1').replace('revision ', ''));
}

interface Written {
  readonly status: number | null;
  readonly lines: readonly string[];
}

async function write(
  disk: FaultyDisk,
  [records, revisions, refusals]: readonly [number, number, number],
): Promise<Written> {
  const child = spawn(
    process.execPath,
    [program, directory, String(records), String(revisions), String(refusals)],
    { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...disk.env } },
  );
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, lines: said.split('\n').slice(0, -1) };
}

describe('power is lost while a process writes', () => {
  it('leaves the revision that was answered last, or a later one, whole', async () => {
    const before = join(home, 'before.mdb');
    copyFileSync(file, before);
    const disk = createFaultyDisk(home, file, { journal: true });
    const { lines } = await write(disk, [60, 40, 0]);
    expect(lines).toHaveLength(39);

    const steps = disk.journal();
    const random = createRandom(7637);
    const place = join(home, 'after');
    const seen = new Set<number>();
    mkdirSync(place, { mode: 0o700 });
    for (let point = 0; point < CRASH_POINTS; point++) {
      const end = Math.floor((point * (steps.length + 1)) / CRASH_POINTS) % (steps.length + 1);
      const { image, answered } = imageAt(readFileSync(before), steps.slice(0, end), random);
      writeFileSync(join(place, 'policy.mdb'), image);
      const { revision, policy } = await reload(place);
      // Revision 1 is not told.
      expect(revision, `after step ${end}`).toBeGreaterThanOrEqual(answered);
      expect(revision, `after step ${end}`).toBeLessThanOrEqual(Math.max(answered, 1) + 1);
      if (revision > 1) expect(writtenBy(policy), `after step ${end}`).toBe(revision);
      seen.add(revision);
    }
    expect(seen.size).toBeGreaterThan(Math.min(39, CRASH_POINTS / 10));
  }, 3_600_000);
});

/** What the disk has after these steps, where it has written what it liked of what was not synced. */
function imageAt(
  before: Buffer,
  steps: readonly DiskStep[],
  random: () => number,
): { image: Buffer; answered: number } {
  let image = before;
  let answered = 0;
  let cached: { offset: number; bytes: Buffer }[] = [];
  const put = (offset: number, bytes: Buffer): void => {
    if (image.length < offset + bytes.length)
      image = Buffer.concat([image, Buffer.alloc(offset + bytes.length - image.length)]);
    bytes.copy(image, offset);
  };
  for (const step of steps)
    switch (step.kind) {
      case 'wrote':
        cached.push(step);
        break;
      case 'wroteThrough':
        put(step.offset, step.bytes);
        break;
      case 'synced':
        for (const { offset, bytes } of cached) put(offset, bytes);
        cached = [];
        break;
      case 'said':
        // The first revision is not told; it makes room for the others.
        answered = Math.max(answered, Number(/committed (\d+)\s*$/.exec(step.text)?.[1] ?? 0));
    }
  for (const { offset, bytes } of cached)
    for (let at = 0; at < bytes.length; at += SECTOR)
      if (random() < 0.5) put(offset + at, bytes.subarray(at, at + SECTOR));
  return { image, answered };
}

const SECTOR = 512;

/** The same numbers each time, from 0 to 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

describe('a process is killed between two steps of a commit', () => {
  const KILLS = Math.max(12, Math.floor(CRASH_POINTS / 20));
  it('leaves the revision that was answered last, or the next one', async () => {
    let last = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const disk = createFaultyDisk(home, file);
      disk.fail({ pass: 1 + (kill % 23), way: 'kill' });
      const { status, lines } = await write(disk, [300, last + 1000, 0]);
      expect(status).toBeNull();
      const answered = Number(lines.at(-1)?.replace('committed ', '') ?? last);
      const { revision, policy } = await reload();
      expect([answered, answered + 1]).toContain(revision);
      if (revision > 1) expect(writtenBy(policy)).toBe(revision);
      last = revision;
    }
  }, 3_600_000);
});

describe('a disk that reports errors', () => {
  /** Well into the revisions, where pages are used again. */
  const FIRST = 30;
  const LAST = 20;
  const FAULTS = (['before', 'after', 'short'] as const).flatMap((way) =>
    [0, 1, 2, 3, 4, 5, 6, 7].map((more): [Way, number] => [way, more]),
  );

  async function writeWith(fault: Parameters<FaultyDisk['fail']>[0]): Promise<readonly string[]> {
    const disk = createFaultyDisk(home, file);
    disk.fail(fault);
    const first = await write(disk, [100, LAST, 1000]);
    expect(disk.calls()).toBeGreaterThan(fault.pass);
    const refused = first.lines.filter((line) => !line.startsWith('committed'));
    for (const line of refused) expect(line).toMatch(/^refused \d+ storeUnavailable$/);
    // LMDB words its message of a failed write in a buffer that can be too short for it, and then
    // glibc may end the process. What is stored has to be right all the same.
    if (first.status === null) {
      const answered = first.lines.filter((line) => line.startsWith('committed')).length + 1;
      const { revision, policy } = await reload();
      expect([answered, answered + 1]).toContain(revision);
      expect(writtenBy(policy)).toBe(revision);
      disk.mend();
      expect((await write(disk, [100, LAST, 0])).status).toBe(0);
    } else {
      expect(first.status).toBe(0);
      expect(first.lines.filter((line) => line.startsWith('committed'))).toEqual(
        Array.from({ length: LAST - 1 }, (_, at) => `committed ${at + 2}`),
      );
    }
    const { revision, policy } = await reload();
    expect(revision).toBe(LAST);
    expect(writtenBy(policy)).toBe(LAST);
    return first.status === null ? [...refused, 'ended'] : refused;
  }

  it.each(FAULTS)('once (%s, at step %i): one push is refused', async (way, more) => {
    const refused = await writeWith({ pass: FIRST + more, way, times: 1 });
    // LMDB completes a short write of pages, and takes one of its header for a failure.
    expect(refused.length).toBeLessThanOrEqual(1);
    if (way !== 'short') expect(refused).toHaveLength(1);
  });

  it.each(FAULTS)(
    'for a while (%s, at step %i): pushes are refused until it is well',
    async (way, more) => {
      const refused = await writeWith({ pass: FIRST + more, way, times: 12 });
      if (way !== 'short') expect(refused.length).toBeGreaterThanOrEqual(1);
    },
  );

  it('as full: no push is half there', async () => {
    const refused = await writeWith({ pass: FIRST, way: 'before', error: 'ENOSPC', times: 5 });
    expect(refused.length).toBeGreaterThanOrEqual(1);
  });
});

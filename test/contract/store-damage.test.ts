import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Policy } from '../../src/model/policy.js';
import type { Change } from '../../src/policy/change.js';
import { openLmdbStore } from '../../src/policy/lmdb-store.js';
import { recoverPolicy } from '../../src/policy/recover-policy.js';
import { StoreDamagedError } from '../../src/policy/store.js';
import { BLUE, record } from '../support/policy-builder.js';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nvgate-damage-'));
  file = join(directory, 'policy.mdb');
});
afterEach(async () => rm(directory, { recursive: true }));

const RECORDS = 150;
const HEAD: Change = { op: 'upsert', kind: 'routingDomainHead', value: { id: BLUE } };

/** Several commits, so that the file has pages that are used again and pages that are free. */
async function makeStore(): Promise<void> {
  const store = await openLmdbStore(directory);
  await store.load();
  await store.commit(1, [HEAD]);
  for (let revision = 2; revision <= 7; revision++) await store.commit(revision, records(revision));
  await store.close();
}

function records(revision: number): Change[] {
  return Array.from({ length: revision === 2 ? RECORDS : 9 }, (_, at) => ({
    ...{ op: 'upsert', kind: 'lookupRecord', routingDomain: BLUE },
    // The last one is too long for a page.
    value: record(5001, `10.0.0.${at}`, { vmName: `${revision}`.repeat(at === 8 ? 9000 : 1) }),
  }));
}

function namesIn(policy: Policy): unknown[] {
  return [...(policy.routingDomains.get(BLUE)?.lookupRecords.values() ?? [])].map(
    ({ vmName }) => vmName,
  );
}

function keptFiles(): string[] {
  return readdirSync(directory).filter((name) => name.includes('.corrupt-'));
}

describe('a damaged store', () => {
  it('is noticed, or it is as good as the other one, whichever bit has flipped', async () => {
    await makeStore();
    const content = readFileSync(file);
    const { policy: before } = await load();
    let noticed = 0;
    // The headers bit by bit, then here and there.
    const places = [
      ...Array.from({ length: 192 }, (_, at) => at),
      ...Array.from({ length: 192 }, (_, at) => 4096 + at),
      ...Array.from(
        { length: 700 },
        (_, at) => 8192 + Math.floor((at * (content.length - 8192)) / 700),
      ),
    ];
    for (const [at, place] of places.entries()) {
      const flipped = Buffer.from(content);
      flipped[place] = (flipped[place] ?? 0) ^ (1 << (at % 8));
      writeFileSync(file, flipped);

      try {
        const { policy, revision } = await load();
        expect([revision, namesIn(policy)], `byte ${place}`).toEqual([7, namesIn(before)]);
        const store = await openLmdbStore(directory);
        await store.load();
        await store.commit(8, records(8));
        await store.close();
        expect(namesIn((await load()).policy).slice(0, 8), `byte ${place}`).toEqual(
          Array.from({ length: 8 }, () => '8'),
        );
      } catch (error) {
        expect(error, `byte ${place}`).toBeInstanceOf(StoreDamagedError);
        noticed += 1;
      }
    }
    expect(noticed).toBeGreaterThan(200);
    expect(noticed).toBeLessThan(places.length);
  }, 300_000);

  async function load() {
    const store = await openLmdbStore(directory);
    try {
      return await store.load();
    } finally {
      await store.close();
    }
  }

  const DAMAGES: Record<string, (content: Buffer) => void | Promise<void>> = {
    'an empty file': () => writeFileSync(file, ''),
    'a file of zeros': (content) => writeFileSync(file, Buffer.alloc(content.length)),
    'something else': () => writeFileSync(file, 'something else '.repeat(4000)),
    'a directory': () => {
      rmSync(file);
      mkdirSync(file);
    },
    'half of the file': (content) => writeFileSync(file, content.subarray(0, content.length / 2)),
    'the wrong magic': (content) => {
      content.writeUInt32LE(0xdeadbeef, 24);
      writeFileSync(file, content);
    },
    'a row of another revision': async () => overwrite(Buffer.of(1), []),
    'rows that nobody can read': async () => overwrite(Buffer.of(3, 3, 3), 'not a row'),
    'a format of the future': async () => overwrite(Buffer.of(0), [99, 7, 0]),
    'no revision': async () => overwrite(Buffer.of(0), undefined),
  };

  /** Through LMDB, so that the pages are right. */
  async function overwrite(key: Buffer, row: unknown): Promise<void> {
    const raw = open<unknown, Buffer>({
      path: file,
      keyEncoding: 'binary',
      overlappingSync: false,
    });
    await (row === undefined ? raw.remove(key) : raw.put(key, row));
    await raw.close();
  }

  it.each(Object.entries(DAMAGES))('is kept when it is %s, until a push', async (_, damage) => {
    await makeStore();
    await damage(readFileSync(file));
    const first = await recoverPolicy(directory);
    expect(first.snapshot.revision).toBe(0);
    expect(first.lost?.reason).toMatch(/./);
    expect(keptFiles()).toEqual([expect.stringMatching(/^policy\.mdb\.corrupt-\d{8}T\d{6}Z$/)]);
    expect(first.lost?.keptAs).toBe(join(directory, keptFiles()[0] ?? ''));
    await first.store.close();

    const second = await recoverPolicy(directory);
    expect(second.lost).toEqual({ keptAs: first.lost?.keptAs });
    await second.store.commit(1, [HEAD, ...records(2)]);
    await second.store.close();

    const third = await recoverPolicy(directory);
    expect([third.lost, third.snapshot.revision]).toEqual([undefined, 1]);
    await third.store.close();
  });

  it('never takes the name of one that was kept before', async () => {
    for (let time = 1; time <= 3; time++) {
      writeFileSync(file, `damage ${time}`);
      const { store } = await recoverPolicy(directory);
      await store.close();
    }
    expect(
      keptFiles()
        .map((name) => readFileSync(join(directory, name), 'utf8'))
        .sort(),
    ).toEqual([...['damage 1', 'damage 2', 'damage 3']]);
  });

  it('is none when there is a directory in the place of its lock file', async () => {
    await makeStore();
    rmSync(`${file}-lock`);
    mkdirSync(`${file}-lock`);
    const { store, snapshot, lost } = await recoverPolicy(directory);
    await store.close();
    expect([snapshot.revision, lost]).toEqual([7, undefined]);
    expect(keptFiles()).toEqual([expect.stringMatching(/^policy\.mdb-lock\.corrupt-/)]);
  });

  it('is none where there has been no store', async () => {
    const { store, snapshot, lost } = await recoverPolicy(join(directory, 'new'));
    await store.close();
    expect([snapshot.revision, lost]).toEqual([0, undefined]);
  });
});

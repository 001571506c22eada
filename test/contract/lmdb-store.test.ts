import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { open } from 'lmdb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Policy } from '../../src/model/policy.js';
import { openLmdbStore } from '../../src/policy/lmdb-store.js';
import { compileProgram } from '../support/compile-program.js';
import { BLUE } from '../support/policy-builder.js';

let home: string;
let directory: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'nvgate-lmdb-'));
  directory = join(home, 'policy');
});
afterEach(async () => rm(home, { recursive: true }));

describe('the files of the LMDB store', () => {
  it('are for their owner only', async () => {
    const store = await openLmdbStore(directory);
    await store.commit(1, []);
    const modes = await Promise.all(
      ['.', 'policy.mdb', 'policy.mdb-lock'].map(async (name) => stat(join(directory, name))),
    );
    expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['700', '600', '600']);
    await store.close();
  });

  it('cannot be where a file is', async () => {
    await writeFile(directory, '');
    await expect(openLmdbStore(directory)).rejects.toMatchObject({ code: 'storeUnavailable' });
  });

  it.each([
    ['text', Buffer.from('something else '.repeat(1000))],
    ['a few bytes', Buffer.from('so')],
    ['zeros', Buffer.alloc(20_000)],
  ])('are not read when they are %s', async (_, content) => {
    await mkdir(directory);
    await writeFile(join(directory, 'policy.mdb'), content);
    await expect(openLmdbStore(directory)).rejects.toMatchObject({ code: 'storeUnavailable' });
  });

  it('are not read when their second page is damaged', async () => {
    const store = await openLmdbStore(directory);
    await store.close();
    const path = join(directory, 'policy.mdb');
    const content = await readFile(path);
    await writeFile(path, content.fill(0, 4096, 8192));
    await expect(openLmdbStore(directory)).rejects.toMatchObject({ code: 'storeUnavailable' });
  });

  it('are not read when a newer nvgate wrote them', async () => {
    const store = await openLmdbStore(directory);
    await store.commit(1, []);
    await store.close();
    const raw = open<unknown, Buffer>({
      path: join(directory, 'policy.mdb'),
      keyEncoding: 'binary',
      overlappingSync: false,
    });
    await raw.put(Buffer.of(0), [99, 1]);
    await raw.close();
    const again = await openLmdbStore(directory);
    await expect(again.load()).rejects.toMatchObject({
      code: 'storeUnavailable',
      message: expect.stringContaining('format 99') as string,
    });
    await again.close();
  });

  it('are not written any more once they are others', async () => {
    const store = await openLmdbStore(directory);
    await store.load();
    await rm(directory, { recursive: true });
    const other = await openLmdbStore(join(home, 'other'));
    await other.close();
    await expect(store.commit(1, [])).rejects.toMatchObject({ code: 'storeUnavailable' });
    await store.close();
  });

  it('are not written by two', async () => {
    const store = await openLmdbStore(directory);
    const other = await openLmdbStore(directory);
    await store.load();
    await other.load();
    await store.commit(1, []);
    await expect(other.commit(1, [])).rejects.toMatchObject({ code: 'storeUnavailable' });
    await store.close();
    await other.close();
  });
});

describe('a process that writes', () => {
  let programs: string;
  let program: string;

  beforeAll(async () => {
    programs = await mkdtemp(join(tmpdir(), 'nvgate-programs-'));
    program = compileProgram('test/support/store-writer.ts', programs);
  });
  afterAll(async () => rm(programs, { recursive: true }));

  /** The number that all records agree on. */
  function writtenBy(policy: Policy): number {
    const records = [...(policy.routingDomains.get(BLUE)?.lookupRecords.values() ?? [])];
    const names = new Set(records.map(({ vmName }) => vmName));
    expect(names.size).toBe(1);
    return Number([...names][0]?.replace('revision ', ''));
  }

  async function reload(): Promise<{ revision: number; policy: Policy }> {
    const store = await openLmdbStore(directory);
    const snapshot = await store.load();
    await store.close();
    return snapshot;
  }

  it('leaves the old or the new revision, whole, whenever it is killed', async () => {
    let last = 0;
    for (const commits of [1, 4, 9, 2, 13]) {
      const child = start(process.execPath, [program, directory, '2000']);
      let seen = 0;
      for await (const line of lines(child)) {
        seen += 1;
        last = Number(line.replace('committed ', ''));
        if (seen === commits) break;
      }
      // It is in the middle of the next one by now.
      child.kill('SIGKILL');
      await once(child, 'exit');
      const { revision, policy } = await reload();
      expect([last, last + 1, last + 2]).toContain(revision);
      expect(writtenBy(policy)).toBe(revision);
      last = revision;
    }
  });

  it('is refused when the disk is full, and stays alive', async () => {
    // No file may grow beyond 256 KiB; writing on fails, as on a full disk.
    const limited = 'ulimit -f 512; exec "$@"';
    const command = [process.execPath, program, directory, '1000'];
    const child = start('/bin/sh', ['-c', limited, 'sh', ...command]);
    const exited = once(child, 'exit');
    const said: string[] = [];
    for await (const line of lines(child)) {
      said.push(line);
      if (said.length > 2000) child.kill('SIGKILL');
    }
    expect((await exited)[0]).toBe(0);
    const committed = said.filter((line) => line.startsWith('committed')).length;
    expect(committed).toBeGreaterThan(0);
    expect(said.slice(-3)).toEqual(
      Array.from({ length: 3 }, () => `refused ${committed + 2} storeUnavailable`),
    );
    const { revision, policy } = await reload();
    expect(revision).toBe(committed + 1);
    expect(writtenBy(policy)).toBe(revision);
  });
});

function start(command: string, args: readonly string[]): ChildProcess {
  return spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
}

function lines(child: ChildProcess): AsyncIterable<string> {
  if (child.stdout === null) throw new Error('the process has no output');
  return createInterface({ input: child.stdout });
}

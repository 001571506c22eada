import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { open, type RootDatabase } from 'lmdb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/model/connection.js';
import type { Policy } from '../../src/model/policy.js';
import { parsePrefix } from '../../src/net/prefix.js';
import { openLmdbStore } from '../../src/policy/lmdb-store.js';
import { emptyDomain } from '../../src/policy/open-policy.js';
import { domainPrefix, partKey } from '../../src/policy/store-keys.js';
import { compileProgram } from '../support/compile-program.js';
import { BLUE, forward, nat, routed } from '../support/policy-builder.js';
import { ikev2 } from '../support/remote-connections.js';
import { revealed } from '../support/revealed.js';

let home: string;
let directory: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'nvgate-lmdb-'));
  directory = join(home, 'policy');
});
afterEach(async () => rm(home, { recursive: true }));

/** The database, whatever the store makes of it. */
function openRaw(): RootDatabase<unknown, Buffer> {
  const path = join(directory, 'policy.mdb');
  return open<unknown, Buffer>({ path, keyEncoding: 'binary', overlappingSync: false });
}

describe('the files of the LMDB store', () => {
  async function modesOf(...names: readonly string[]): Promise<string[]> {
    const found = await Promise.all(names.map(async (name) => stat(join(directory, name))));
    return found.map(({ mode }) => (mode & 0o7777).toString(8));
  }

  it('are for their owner only', async () => {
    const store = await openLmdbStore(directory);
    await store.commit(1, []);
    expect(await modesOf('.', 'policy.mdb', 'policy.mdb-lock')).toEqual(['700', '600', '600']);
    await store.close();
  });

  it('are closed to others where they were open', async () => {
    const store = await openLmdbStore(directory);
    await store.commit(1, []);
    await store.close();
    await chmod(directory, 0o755);
    await chmod(join(directory, 'policy.mdb'), 0o644);
    await chmod(join(directory, 'policy.mdb-lock'), 0o664);
    const again = await openLmdbStore(directory);
    expect(await modesOf('.', 'policy.mdb', 'policy.mdb-lock')).toEqual(['700', '600', '600']);
    expect((await again.load()).revision).toBe(1);
    await again.close();
  });

  it('may lie in a directory that many share, which stays as it is', async () => {
    await mkdir(directory);
    await chmod(directory, 0o1777);
    const store = await openLmdbStore(directory);
    await store.commit(1, []);
    expect(await modesOf('.', 'policy.mdb', 'policy.mdb-lock')).toEqual(['1777', '600', '600']);
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
    await expect(openLmdbStore(directory)).rejects.toMatchObject({ code: 'storeDamaged' });
  });

  it('are not read when their second page is damaged', async () => {
    const store = await openLmdbStore(directory);
    await store.close();
    const path = join(directory, 'policy.mdb');
    const content = await readFile(path);
    await writeFile(path, content.fill(0, 4096, 8192));
    await expect(openLmdbStore(directory)).rejects.toMatchObject({ code: 'storeDamaged' });
  });

  it('are not read when a newer nvgate wrote them', async () => {
    const store = await openLmdbStore(directory);
    await store.commit(1, []);
    await store.close();
    const raw = openRaw();
    await raw.put(Buffer.of(0), [99, 1]);
    await raw.close();
    const again = await openLmdbStore(directory);
    await expect(again.load()).rejects.toMatchObject({
      code: 'storeDamaged',
      message: expect.stringContaining('format 99') as string,
    });
    await again.close();
  });

  it('are read as format 1 left them, and are of format 4 after the next push', async () => {
    await mkdir(directory);
    const raw = openRaw();
    const prefix = domainPrefix(BLUE);
    const route = [[0x0a000000, 8], 5];
    const rule = ['web', 'tcp', 8080, 0xc0a80165, 80];
    await raw.put(Buffer.of(0), [1, 7]);
    await raw.put(partKey(prefix, 'head'), [BLUE, 'blue', null]);
    await raw.put(partKey(prefix, 'connection', 'corp'), ['routed', 'corp', null, [route]]);
    await raw.put(partKey(prefix, 'connection', 'net'), [
      ...['nat', 'net', 'internet', []],
      ...[0xcb00710a, [rule]],
    ]);
    await raw.close();

    const store = await openLmdbStore(directory);
    const { revision, policy } = await store.load();
    expect(revision).toBe(7);
    const corp: Connection = {
      ...routed('corp', []),
      routes: [{ destinationPrefix: parsePrefix('10.0.0.0/8'), metric: 5 }],
    };
    const rules = [forward('web', 8080, '192.168.1.101', 80)];
    const net = nat('net', '203.0.113.10', rules, { device: 'internet', routes: [] });
    expect(policy.routingDomains.get(BLUE)).toEqual({
      ...emptyDomain({ id: BLUE, name: 'blue' }),
      connections: new Map<string, Connection>([
        ['corp', corp],
        ['net', net],
      ]),
    });

    const value = ikev2('office');
    await store.commit(8, [{ op: 'upsert', kind: 'connection', routingDomain: BLUE, value }]);
    await store.close();
    const again = await openLmdbStore(directory);
    const after = await again.load();
    await again.close();
    expect(after.revision).toBe(8);
    expect(revealed(after.policy.routingDomains.get(BLUE)?.connections.get(value.id))).toEqual(
      revealed(value),
    );
    const written = openRaw();
    expect(written.get(Buffer.of(0))).toEqual([4, 8, expect.any(Number)]);
    await written.close();
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
    program = await compileProgram('test/support/store-writer.ts', programs);
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

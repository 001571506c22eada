import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NvgateError } from '../../src/errors.js';
import { openLmdbStore } from '../../src/policy/lmdb-store.js';
import { emptyDomain } from '../../src/policy/open-policy.js';
import type { Snapshot } from '../../src/policy/service.js';
import { backUpStore, restoreStore } from '../../src/policy/store-backup.js';
import { addConnection, BLUE } from '../support/policy-builder.js';
import { ikev2 } from '../support/remote-connections.js';
import { revealed } from '../support/revealed.js';
import { run } from '../unit/cli/terminal.js';

const CAREFUL = { force: false };
const FORCE = { force: true };

let home: string;
let state: string;
let backup: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'nvgate-backup-'));
  state = join(home, 'state');
  backup = join(home, 'backup');
});
afterEach(async () => rm(home, { recursive: true }));

/** Revision by revision, up to that one; the last has a connection with a secret. */
async function makeStore(revision: number, directory = state): Promise<void> {
  const store = await openLmdbStore(directory);
  const domain = emptyDomain({ id: BLUE, name: `revision ${revision}` });
  addConnection(domain, ikev2('office'));
  await store.load();
  for (let at = 1; at < revision; at++) await store.commit(at, []);
  await store.commit(revision, [{ op: 'upsert', kind: 'routingDomain', value: domain }]);
  await store.close();
}

async function load(directory = state): Promise<Snapshot> {
  const store = await openLmdbStore(directory);
  const snapshot = await store.load();
  await store.close();
  return snapshot;
}

function code(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'done',
    (error: unknown) => (error instanceof NvgateError ? error.code : error),
  );
}

describe('a backup', () => {
  it('brings back everything, secrets too, to a gateway that has nothing', async () => {
    await makeStore(5);
    expect((await backUpStore(state, backup, CAREFUL)).revision).toBe(5);
    expect((statSync(backup).mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(home).sort()).toEqual(['backup', 'state']);
    const other = join(home, 'other');
    await restoreStore(other, backup, CAREFUL);
    expect(readdirSync(other)).toEqual(['policy.mdb']);
    expect(revealed(await load(other))).toEqual(revealed(await load()));
  });

  it('is whole while the gateway writes', async () => {
    await makeStore(1);
    const store = await openLmdbStore(state);
    await store.load();
    const end = new AbortController();
    const writing = (async () => {
      for (let at = 2; !end.signal.aborted; at++) {
        const head = { id: BLUE, name: `revision ${at}` };
        await store.commit(at, [{ op: 'upsert', kind: 'routingDomainHead', value: head }]);
      }
    })();
    let last = 0;
    for (let at = 0; at < 10; at++) {
      const { revision, policy } = await backUpStore(state, backup, { force: at > 0 });
      expect(policy.routingDomains.get(BLUE)?.head.name).toBe(`revision ${revision}`);
      expect(revision).toBeGreaterThanOrEqual(last);
      last = revision;
    }
    end.abort();
    await writing;
    await store.close();
  });

  it('takes the place of no file unless it is told to', async () => {
    await makeStore(2);
    writeFileSync(backup, 'mine');
    expect(await code(backUpStore(state, backup, CAREFUL))).toBe('invalidValue');
    expect(readFileSync(backup, 'utf8')).toBe('mine');
    await backUpStore(state, backup, FORCE);
    expect(readFileSync(backup).length).toBeGreaterThan(8000);
    expect((statSync(backup).mode & 0o777).toString(8)).toBe('600');
  });

  it('is not made of a store that is damaged or not there', async () => {
    expect(await code(backUpStore(state, backup, CAREFUL))).toBe('notFound');
    mkdirSync(state);
    writeFileSync(join(state, 'policy.mdb'), 'damaged');
    expect(await code(backUpStore(state, backup, CAREFUL))).toBe('storeDamaged');
    expect(readdirSync(home)).toEqual(['state']);
  });
});

describe('restore', () => {
  it('replaces a policy only when it is told to, and keeps it', async () => {
    await makeStore(3);
    await backUpStore(state, backup, CAREFUL);
    await rm(state, { recursive: true });
    await makeStore(6);
    expect(await code(restoreStore(state, backup, CAREFUL))).toBe('storeUnavailable');
    expect((await load()).revision).toBe(6);
    const { keptAs = '' } = await restoreStore(state, backup, FORCE);
    expect((await load()).revision).toBe(3);
    expect(keptAs).toMatch(/policy\.mdb\.replaced-\d{8}T\d{6}Z$/);
    mkdirSync(join(home, 'kept'));
    copyFileSync(keptAs, join(home, 'kept/policy.mdb'));
    expect((await load(join(home, 'kept'))).revision).toBe(6);
  });

  it('takes the place of a store that nobody has pushed to', async () => {
    await makeStore(3);
    await backUpStore(state, backup, CAREFUL);
    const fresh = join(home, 'fresh');
    await (await openLmdbStore(fresh)).close();
    expect(await restoreStore(fresh, backup, CAREFUL)).not.toHaveProperty('keptAs');
    expect((await load(fresh)).revision).toBe(3);
  });

  it('is refused while a gateway has the store open', async () => {
    await makeStore(3);
    await backUpStore(state, backup, CAREFUL);
    const store = await openLmdbStore(state);
    const refused = restoreStore(state, backup, FORCE);
    await expect(refused).rejects.toMatchObject({
      code: 'storeUnavailable',
      message: expect.stringContaining(`Process ${process.pid} `) as string,
    });
    await store.close();
    expect(await code(restoreStore(state, backup, FORCE))).toBe('done');
  });

  it('takes no file that is damaged, and changes nothing then', async () => {
    await makeStore(3);
    await backUpStore(state, backup, CAREFUL);
    const content = readFileSync(backup);
    const before = readdirSync(state);
    for (const bytes of [content.subarray(0, 9000), Buffer.from('text'), Buffer.alloc(0)]) {
      writeFileSync(backup, bytes);
      expect(await code(restoreStore(state, backup, FORCE))).toBe('storeDamaged');
    }
    expect(await code(restoreStore(state, join(home, 'none'), FORCE))).toBe('invalidValue');
    expect(await code(restoreStore(state, home, FORCE))).toBe('invalidValue');
    expect(readdirSync(state)).toEqual(before);
    expect((await load()).revision).toBe(3);
  });
});

it('nvgate backup and nvgate restore say what they did, and show no secret', async () => {
  await makeStore(4);
  const config = join(home, 'nvgate.yaml');
  writeFileSync(config, `stateDirectory: ${state}\n`);
  const first = await run(['backup', backup, '--config', config, '-o', 'json']);
  expect(JSON.parse(first.stdout)).toEqual({ file: backup, revision: 4, routingDomains: 1 });
  expect((await run(['backup', backup, '--config', config])).exit).toBe(1);
  const refused = await run(['restore', backup, '--config', config]);
  expect([refused.exit, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toContain('--force');
  const restored = await run(['restore', backup, '--config', config, '--force']);
  expect(restored.stdout).toMatch(/^revision +4$/m);
  expect(restored.stdout).toMatch(/^keptAs +.*policy\.mdb\.replaced-/m);
});

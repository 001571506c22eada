import { access, constants, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { messageOf } from '../errors.js';
import type { Change } from './change.js';
import { prepareFiles } from './lmdb-files.js';
import { readPolicy, readProviderAddresses } from './read-policy.js';
import { storeUnavailable, type PolicyStore } from './store.js';
import { domainEnd, PROVIDER_ADDRESSES_KEY, REVISION_KEY } from './store-keys.js';
import { FORMAT_VERSION, OLDEST_FORMAT_READ, providerAddressRow, type Row } from './store-rows.js';
import { providerAddressesAfter, writeChanges } from './store-writes.js';

type Rows = RootDatabase<Row, Buffer>;

/**
 * Keeps the policy in `policy.mdb` below the directory, which is made when it is not there. Both are
 * for their owner only.
 * @throws NvgateError `storeUnavailable`
 */
export async function openLmdbStore(directory: string): Promise<PolicyStore> {
  const path = join(directory, 'policy.mdb');
  let rows: Rows;
  let fileId: number;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await prepareFiles(path);
    rows = open<Row, Buffer>({ path, ...LMDB_OPTIONS });
    fileId = (await stat(path)).ino;
  } catch (error) {
    throw storeUnavailable(`The policy store ${path} could not be opened`, error);
  }
  let closed = false;
  let revision = 0;

  /** LMDB would go on writing to a file that nobody can open again after a restart. */
  async function checkPlace(): Promise<void> {
    if (closed) throw new Error('the store is closed');
    await access(directory, constants.W_OK);
    if ((await stat(path)).ino !== fileId)
      throw new Error('the file has been replaced since the gateway started; restart it');
  }

  return {
    async load() {
      try {
        await checkPlace();
        revision = readRevision(rows);
        return { revision, policy: readPolicy(rows.getRange()) };
      } catch (error) {
        throw storeUnavailable(`The policy could not be read from ${path}`, error);
      }
    },

    async commit(next, changes) {
      try {
        await checkPlace();
        if (readRevision(rows) !== revision)
          throw new Error('another process has written to it; let only one gateway use it');
        await write(rows, next, changes);
        revision = next;
      } catch (error) {
        throw storeUnavailable(`The policy could not be written to ${path}`, error);
      }
    },

    async close() {
      if (closed) return;
      closed = true;
      await rows.close();
    },
  };
}

const LMDB_OPTIONS = {
  keyEncoding: 'binary',
  permissionsMode: 0o600,
  // A commit is done when it is on disk, not when others can see it.
  overlappingSync: false,
  // Otherwise a failed commit also rejects a promise that nobody can get hold of.
  eventTurnBatching: false,
} as const;

/** @throws Error when the rows are of another version of nvgate */
function readRevision(rows: Rows): number {
  const row = rows.get(REVISION_KEY);
  if (row === undefined) return 0;
  const [version, revision] = row as [number, number];
  if (version < OLDEST_FORMAT_READ || version > FORMAT_VERSION)
    throw new Error(
      `it has format ${version}, this version of nvgate reads formats ${OLDEST_FORMAT_READ} to ${FORMAT_VERSION}; run the version that wrote it, or move the file away and push the policy again`,
    );
  return revision;
}

/** All in one transaction; resolves when it is on disk. */
async function write(rows: Rows, revision: number, changes: readonly Change[]): Promise<void> {
  const written = rows.batch(() => {
    if (changes.some((change) => change.kind === 'providerAddress')) {
      const before = readProviderAddresses(rows.get(PROVIDER_ADDRESSES_KEY) ?? []);
      const after = providerAddressesAfter(before, changes);
      put(PROVIDER_ADDRESSES_KEY, [...after.values()].map(providerAddressRow.write));
    }
    writeChanges(changes, {
      put,
      remove,
      removeDomain(prefix) {
        const stored = rows.getKeys({ start: prefix, end: domainEnd(prefix) });
        for (const key of [...stored]) remove(key);
      },
    });
    put(REVISION_KEY, [FORMAT_VERSION, revision]);
  });
  try {
    await written;
  } catch (error) {
    throw await causeOf(error);
  }

  // Each answers with the promise of the whole batch, which is awaited above.
  function put(key: Buffer, row: Row): void {
    void rows.put(key, row);
  }
  function remove(key: Buffer): void {
    void rows.remove(key);
  }
}

/** LMDB says why a commit failed in a promise that hangs on the error. */
async function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<unknown> };
  if (commitError === undefined) return error;
  try {
    await commitError;
    return error;
  } catch (cause) {
    // The rest is about pages and buffers.
    const [reason = ''] = messageOf(cause).split(':');
    return new Error(`${reason} (is the disk full?)`, { cause });
  }
}

import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createDatabase, openDatabase, storePath, type Database } from './lmdb-database.js';
import { loadRows, readRevision, writeRows } from './lmdb-rows.js';
import { StoreDamagedError, storeUnavailable, type PolicyStore } from './store.js';
import { REVISION_KEY } from './store-keys.js';

/**
 * Keeps the policy in `policy.mdb` below the directory, which is made when it is not there. Both are
 * for their owner only.
 * @throws NvgateError `storeUnavailable`; StoreDamagedError
 */
export async function openLmdbStore(stateDirectory: string): Promise<PolicyStore> {
  const path = storePath(stateDirectory);
  let database: Database;
  try {
    await createDatabase(path);
    database = await openDatabase(path);
  } catch (error) {
    throw unlessDamaged(error, `The policy store ${path} could not be opened`);
  }
  let closed = false;
  let revision = 0;
  let { sum } = database;
  /** Set by a commit that failed: the revision that the file may have all the same. */
  let doubtful: number | undefined;

  /** LMDB would go on writing to a file that nobody can open again after a restart. */
  async function checkPlace(): Promise<void> {
    if (closed) throw new Error('the store is closed');
    await access(dirname(path), constants.W_OK);
    if ((await stat(path)).ino !== database.fileId)
      throw new Error('the file has been replaced since the gateway started; restart it');
  }

  /**
   * After an error LMDB refuses everything until it is opened again. Where the error came after the
   * commit was written, the file has a revision that was refused: the one before it, which LMDB
   * never overwrites at once, is put in its place.
   */
  async function settle(): Promise<void> {
    if (doubtful === undefined) return;
    await database.close();
    database = await openDatabase(path);
    if (readRevision(path, database.rows).revision === doubtful) {
      await database.close();
      database = await openDatabase(path, { usePreviousSnapshot: true });
      const { row, revision: found } = readRevision(path, database.rows);
      if (found !== revision || row === undefined)
        throw new Error('another process has written to it');
      await database.rows.put(REVISION_KEY, row);
      await database.close();
      database = await openDatabase(path);
    }
    doubtful = undefined;
  }

  return {
    async load() {
      try {
        await checkPlace();
        const snapshot = loadRows(path, database);
        ({ revision } = snapshot);
        return snapshot;
      } catch (error) {
        throw unlessDamaged(error, `The policy could not be read from ${path}`);
      }
    },

    async commit(next, changes) {
      try {
        await checkPlace();
        await settle();
        // Otherwise LMDB may read as of a moment ago, before the other process wrote.
        database.rows.resetReadTxn();
        if (readRevision(path, database.rows).revision !== revision)
          throw new Error('another process has written to it; let only one gateway use it');
        const after = sum.copy();
        doubtful = next;
        await writeRows(database.rows, after, next, changes);
        doubtful = undefined;
        revision = next;
        sum = after;
      } catch (error) {
        // The sooner the better; if it cannot be now, the next commit has to do it first.
        await settle().catch(() => undefined);
        throw storeUnavailable(`The policy could not be written to ${path}`, error);
      }
    },

    async close() {
      if (closed) return;
      closed = true;
      await database.close();
    },
  };
}

function unlessDamaged(error: unknown, what: string): unknown {
  return error instanceof StoreDamagedError ? error : storeUnavailable(what, error);
}

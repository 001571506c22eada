import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { moveAside } from './lmdb-files.js';
import { storePath } from './lmdb-database.js';
import { openLmdbStore } from './lmdb-store.js';
import type { LostPolicy } from './lost-policy.js';
import type { Snapshot } from './service.js';
import { StoreDamagedError, storeUnavailable, type PolicyStore } from './store.js';

/** What a gateway begins with. */
export interface RecoveredPolicy {
  readonly store: PolicyStore;
  readonly snapshot: Snapshot;
  /** The store was damaged, now or at an earlier start, and nobody has pushed a policy since. */
  readonly lost?: LostPolicy;
}

/**
 * Opens the store of a gateway and reads it. One that is damaged is kept under another name, for
 * whoever wants to find out why, and an empty one takes its place.
 * @throws NvgateError `storeUnavailable`
 */
export async function recoverPolicy(stateDirectory: string): Promise<RecoveredPolicy> {
  try {
    const recovered = await openAndLoad(stateDirectory);
    // A file that was kept is forgotten with the first push, or when the operator takes it away.
    const keptAs = recovered.snapshot.revision === 0 ? await newestKept(stateDirectory) : undefined;
    return keptAs === undefined ? recovered : { ...recovered, lost: { keptAs } };
  } catch (error) {
    if (!(error instanceof StoreDamagedError)) throw error;
    const keptAs = await keepDamaged(storePath(stateDirectory));
    return { ...(await openAndLoad(stateDirectory)), lost: { keptAs, reason: error.reason } };
  }
}

async function openAndLoad(stateDirectory: string): Promise<RecoveredPolicy> {
  const store = await openLmdbStore(stateDirectory);
  try {
    return { store, snapshot: await store.load() };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function keepDamaged(path: string): Promise<string> {
  try {
    return await moveAside(path, 'corrupt');
  } catch (error) {
    throw storeUnavailable(`The damaged policy store ${path} could not be moved aside`, error);
  }
}

/** Their names end with the time, so that the newest is the last. */
async function newestKept(stateDirectory: string): Promise<string | undefined> {
  const path = storePath(stateDirectory);
  const names = await readdir(dirname(path));
  const kept = names.filter((name) => name.startsWith(`${basename(path)}.corrupt-`)).sort();
  const newest = kept.at(-1);
  return newest === undefined ? undefined : join(dirname(path), newest);
}

import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { messageOf } from '../errors.js';
import { createContentSum, type ContentSum } from './content-sum.js';
import {
  checkRoom,
  hasCode,
  prepareFiles,
  statIfThere,
  syncDirectory,
  syncFile,
} from './lmdb-files.js';
import { inspectFile } from './lmdb-inspect.js';
import { PageError } from './lmdb-pages.js';
import { StoreDamagedError } from './store.js';
import { REVISION_KEY } from './store-keys.js';
import type { Row } from './store-rows.js';

/** The typings leave the encoder out. */
export type Rows = RootDatabase<Row, Buffer> & {
  readonly encoder: { encode(row: Row): Buffer };
};

/** An LMDB file that was looked through before it was opened. */
export interface Database {
  readonly rows: Rows;
  /** Number of the file: another one of its name is not this one. */
  readonly fileId: number;
  /** Of all rows but that of the revision, as of transaction `inspected`. */
  readonly sum: ContentSum;
  readonly inspected: number;
  /** May be called again. */
  close(): Promise<void>;
}

/** Where a gateway has its store. */
export function storePath(stateDirectory: string): string {
  return join(stateDirectory, 'policy.mdb');
}

/**
 * Opens a file that is there.
 * @throws StoreDamagedError
 */
export async function openDatabase(
  path: string,
  options: { readonly readOnly?: true; readonly usePreviousSnapshot?: true } = {},
): Promise<Database> {
  const { sum, inspected } = inspectStore(path);
  await prepareFiles(path);
  const rows = open<Row, Buffer>({ path, ...LMDB_OPTIONS, ...options }) as Rows;
  const { ino: fileId } = await stat(path);
  let isOpen = true;
  return {
    ...{ rows, fileId, sum, inspected },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await rows.close();
    },
  };
}

/** Makes the file where there is none; whatever happens meanwhile, it is never there in part. */
export async function createDatabase(path: string): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if ((await statIfThere(path)) !== undefined) return;
  await checkRoom(directory);
  const draft = `${path}.new`;
  await removeDraft(draft);
  await prepareFiles(draft);
  await open({ path: draft, ...LMDB_OPTIONS }).close();
  await syncFile(draft);
  await rename(draft, path);
  await syncDirectory(directory);
  await removeDraft(draft);
}

export async function removeDraft(draft: string): Promise<void> {
  for (const file of [draft, `${draft}-lock`]) await rm(file, { force: true });
}

/** @throws StoreDamagedError */
export function inspectStore(path: string): Pick<Database, 'sum' | 'inspected'> {
  let sum = createContentSum();
  try {
    const inspected = inspectFile(path, () => {
      sum = createContentSum();
      return (key, value) => {
        if (!key.equals(REVISION_KEY)) sum.add(key, value);
      };
    });
    return { sum, inspected };
  } catch (error) {
    // A disk that cannot be read any more has lost what was there.
    if (error instanceof PageError || hasCode(error, 'EIO'))
      throw new StoreDamagedError(path, messageOf(error), { cause: error });
    throw error;
  }
}

const LMDB_OPTIONS = {
  keyEncoding: 'binary',
  permissionsMode: 0o600,
  // A commit is done when it is on disk, not when others can see it.
  overlappingSync: false,
  // Otherwise a failed commit also rejects a promise that nobody can get hold of.
  eventTurnBatching: false,
} as const;

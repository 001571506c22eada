import { chmod, constants, copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf, NvgateError } from '../errors.js';
import { openDatabase, removeDraft, storePath } from './lmdb-database.js';
import { lstatIfThere, moveAside, statIfThere, syncDirectory, syncFile } from './lmdb-files.js';
import { loadRows } from './lmdb-rows.js';
import type { Snapshot } from './service.js';
import { StoreDamagedError, storeUnavailable } from './store.js';

export interface BackupOptions {
  /** Replace what is there: a backup of the same name, or the policy of the gateway. */
  readonly force: boolean;
}

/** What was restored, and where that went which was there before. */
export interface RestoredStore {
  readonly snapshot: Snapshot;
  readonly keptAs?: string;
}

/**
 * Writes the newest revision of a gateway's store, secrets and all, to a file of its owner only;
 * the gateway may be running. The file is read back before it gets its name.
 * @throws NvgateError
 */
export async function backUpStore(
  stateDirectory: string,
  file: string,
  { force }: BackupOptions,
): Promise<Snapshot> {
  const path = storePath(stateDirectory);
  if ((await statIfThere(path)) === undefined)
    throw new NvgateError(
      'notFound',
      `There is no policy store in ${stateDirectory}. Run this on the gateway, and name its configuration with --config.`,
    );
  try {
    if (!force && (await lstatIfThere(file)) !== undefined)
      throw new NvgateError(
        'invalidValue',
        `${file} is there already. Name another file, or add --force.`,
      );
    // LMDB creates the copy for everybody to read: in a directory for nobody else.
    const room = await mkdtemp(`${resolve(file)}.`);
    try {
      const draft = join(room, 'policy.mdb');
      const database = await openDatabase(path, { readOnly: true });
      await database.rows.backup(draft, true).finally(() => database.close());
      await chmod(draft, 0o600);
      const snapshot = await readStore(draft);
      await syncFile(draft);
      await rename(draft, file);
      await syncDirectory(dirname(resolve(file)));
      return snapshot;
    } finally {
      await rm(room, { recursive: true, force: true });
    }
  } catch (error) {
    if (error instanceof NvgateError) throw error;
    throw new NvgateError('storeUnavailable', `${file} cannot be written: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/**
 * Puts a backup in the place of a gateway's store. The gateway must not be running; when it starts
 * it brings the kernel to the policy. A policy that was there is kept under another name.
 * @throws NvgateError; then what was there still is
 */
export async function restoreStore(
  stateDirectory: string,
  file: string,
  { force }: BackupOptions,
): Promise<RestoredStore> {
  const path = storePath(stateDirectory);
  const draft = `${path}.new`;
  try {
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
    await refuseWhileOpen(path);
    const holdsPolicy = await mayHoldPolicy(path);
    if (holdsPolicy && !force)
      throw new NvgateError(
        'storeUnavailable',
        `${path} holds a policy already. Add --force to replace it; it is kept under another name.`,
      );
    await removeDraft(draft);
    await copyBackup(file, draft);
    const snapshot = await readStore(draft).catch((error: unknown) => {
      throw error instanceof StoreDamagedError ? new StoreDamagedError(file, error.reason) : error;
    });
    await syncFile(draft);
    const keptAs = holdsPolicy ? await moveAside(path, 'replaced') : undefined;
    await rename(draft, path);
    await syncDirectory(stateDirectory);
    return { snapshot, ...(keptAs !== undefined && { keptAs }) };
  } catch (error) {
    if (error instanceof NvgateError) throw error;
    throw storeUnavailable(`${file} could not be restored to ${path}`, error);
  } finally {
    await removeDraft(draft);
  }
}

async function copyBackup(file: string, draft: string): Promise<void> {
  try {
    // What is no file, as a pipe, could keep it waiting.
    if ((await statIfThere(file))?.isFile() === false) throw new Error('it is no file');
    await copyFile(file, draft, constants.COPYFILE_EXCL);
  } catch (error) {
    throw new NvgateError('invalidValue', `${file} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  await chmod(draft, 0o600);
}

/** @throws StoreDamagedError */
async function readStore(path: string): Promise<Snapshot> {
  const database = await openDatabase(path, { readOnly: true });
  try {
    return loadRows(path, database);
  } finally {
    await database.close();
  }
}

/** A store that nobody has pushed to holds none; one that cannot be read may. */
async function mayHoldPolicy(path: string): Promise<boolean> {
  if ((await lstatIfThere(path)) === undefined) return false;
  try {
    return (await readStore(path)).revision > 0;
  } catch (error) {
    if (error instanceof StoreDamagedError) return true;
    throw error;
  }
}

/**
 * Whoever has the store open holds a lock on its lock file. File systems differ in what they say of
 * their device, so that the file is known by its inode only; see proc(5), /proc/locks.
 */
async function refuseWhileOpen(path: string): Promise<void> {
  const inode = (await statIfThere(`${path}-lock`))?.ino;
  const locks = await readFile('/proc/locks', 'utf8');
  const holder = locks
    .split('\n')
    .map((line) => /POSIX .* (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line))
    .find((match) => match?.[2] === String(inode));
  if (holder === undefined || holder === null) return;
  throw new NvgateError(
    'storeUnavailable',
    `Process ${holder[1] ?? ''} has ${path} open. Stop the gateway first (packets go on without it), then restore and start it again.`,
  );
}

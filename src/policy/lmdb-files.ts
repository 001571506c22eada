import {
  appendFile,
  chmod,
  lstat,
  open,
  rename,
  stat,
  statfs,
  type FileHandle,
} from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';

/** More than the lock table takes, so that LMDB never has to make the file longer. */
const LOCK_FILE_LENGTH = 16_384;

const ROOM_TO_BEGIN = 262_144;

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;
const OTHERS = 0o077;
const STICKY = 0o1000;

/**
 * Makes the lock file, which LMDB maps into memory: with a disk too full for it the process would
 * end. Sees to it that only their owner can open the files.
 */
export async function prepareFiles(path: string): Promise<void> {
  const lock = `${path}-lock`;
  const found = await lstatIfThere(lock);
  // It holds nothing that anybody needs, but it is not ours to delete.
  if (found !== undefined && !found.isFile()) await moveAside(lock, 'corrupt');
  const length = found?.isFile() === true ? found.size : 0;
  if (length < LOCK_FILE_LENGTH)
    await appendFile(lock, Buffer.alloc(LOCK_FILE_LENGTH - length), { mode: OWNER_ONLY_FILE });
  await closeToOthers(path);
}

/** @throws Error when a new store would not fit on the disk */
export async function checkRoom(directory: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < ROOM_TO_BEGIN)
    throw new Error(`there is no room for it; free some space on the disk of ${directory}`);
}

/**
 * Gives a file another name, which says since when it is not used: `policy.mdb.corrupt-20260131T235900Z`.
 * What has such a name already keeps it.
 * @returns the new path
 */
export async function moveAside(path: string, why: 'corrupt' | 'replaced'): Promise<string> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  let target = `${path}.${why}-${time}`;
  for (let other = 2; (await lstatIfThere(target)) !== undefined; other++)
    target = `${path}.${why}-${time}-${other}`;
  await rename(path, target);
  await syncDirectory(dirname(path));
  return target;
}

/** What was renamed in it is so after a loss of power too. */
export async function syncDirectory(directory: string): Promise<void> {
  await withFile(directory, (file) => file.sync());
}

export async function syncFile(path: string): Promise<void> {
  await withFile(path, (file) => file.sync());
}

async function withFile(path: string, use: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'r');
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

/** The files hold secrets: what an installer or a restored backup has opened to others is closed. */
async function closeToOthers(path: string): Promise<void> {
  for (const file of [path, `${path}-lock`]) {
    const mode = (await statIfThere(file))?.mode ?? 0;
    if ((mode & OTHERS) !== 0) await chmod(file, OWNER_ONLY_FILE);
  }
  const directory = dirname(path);
  // A directory that many share, as /tmp, is not ours to close.
  const { mode, uid } = await stat(directory);
  if ((mode & OTHERS) !== 0 && (mode & STICKY) === 0 && uid === process.getuid?.())
    await chmod(directory, OWNER_ONLY_DIRECTORY);
}

export function statIfThere(path: string): Promise<Stats | undefined> {
  return unlessMissing(stat(path));
}

/** A link that leads nowhere is there. */
export function lstatIfThere(path: string): Promise<Stats | undefined> {
  return unlessMissing(lstat(path));
}

async function unlessMissing(found: Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await found;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

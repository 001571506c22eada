import { chmod, open, stat, statfs, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** `MDB_MAGIC`, in the header of both meta pages. */
const MAGIC = 0xbeefc0de;
const MAGIC_OFFSET = 24;
const PAGE_SIZE_OFFSET = 48;
const HEADER_LENGTH = 52;

/** More than the lock table takes, so that LMDB never has to make the file longer. */
const LOCK_FILE_LENGTH = 16_384;

const ROOM_TO_BEGIN = 262_144;

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;
const OTHERS = 0o077;
const STICKY = 0o1000;

/**
 * Looks at the files that LMDB is about to open, and sees to it that only their owner can. The binding ends the process, instead of
 * reporting it, when the file is no LMDB file, and when there is no room to begin a new one or for
 * the lock file that it maps into memory.
 * @throws Error that says what is wrong
 */
export async function prepareFiles(path: string): Promise<void> {
  if (!(await holdsPolicy(path))) await checkRoom(dirname(path));
  try {
    await writeFile(`${path}-lock`, Buffer.alloc(LOCK_FILE_LENGTH), {
      flag: 'wx',
      mode: OWNER_ONLY_FILE,
    });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
  await closeToOthers(path);
}

/** The files hold secrets: what an installer or a restored backup has opened to others is closed. */
async function closeToOthers(path: string): Promise<void> {
  for (const file of [path, `${path}-lock`])
    if (await isOpenToOthers(file)) await chmod(file, OWNER_ONLY_FILE);
  const directory = dirname(path);
  // A directory that many share, as /tmp, is not ours to close.
  const { mode, uid } = await stat(directory);
  if ((mode & OTHERS) !== 0 && (mode & STICKY) === 0 && uid === process.getuid?.())
    await chmod(directory, OWNER_ONLY_DIRECTORY);
}

async function isOpenToOthers(file: string): Promise<boolean> {
  try {
    return ((await stat(file)).mode & OTHERS) !== 0;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/** False when the file has yet to be made. */
async function holdsPolicy(path: string): Promise<boolean> {
  const file = await openIfThere(path);
  if (file === undefined) return false;
  try {
    if ((await file.stat()).size === 0) return false;
    const first = await readWords(file, 0);
    const second = await readWords(file, first[PAGE_SIZE_OFFSET / 4] ?? 0);
    if (![first, second].every((words) => words[MAGIC_OFFSET / 4] === MAGIC))
      throw new Error(
        'it is no policy store, or a damaged one; move it away, start again and push the policy again',
      );
    return true;
  } finally {
    await file.close();
  }
}

async function checkRoom(directory: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < ROOM_TO_BEGIN)
    throw new Error(`there is no room for it; free some space on the disk of ${directory}`);
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** In the order of this machine's bytes, as LMDB writes them. */
async function readWords(file: FileHandle, position: number): Promise<Uint32Array> {
  const bytes = new Uint8Array(HEADER_LENGTH);
  await file.read(bytes, 0, HEADER_LENGTH, position);
  return new Uint32Array(bytes.buffer);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

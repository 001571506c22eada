import { open, stat, truncate } from 'node:fs/promises';

/** Reads on in a file that a daemon appends lines to, and keeps it from growing. */
export interface LogReader {
  /** The whole lines that have come since the last call. */
  read(): Promise<string[]>;
}

/** Bytes after which a log is emptied. */
const LONGEST = 64 * 1024;

/**
 * @param skip what is there already, and was of concern to somebody before us
 */
export function createLogReader(path: string, skip = false): LogReader {
  let offset: number | undefined = skip ? undefined : 0;
  let rest = '';
  return {
    async read() {
      const size = await sizeOf(path);
      if (offset === undefined || size < offset) {
        // Emptied, or made anew.
        offset = offset === undefined ? size : 0;
        rest = '';
      }
      if (size === offset) return [];
      const from = Math.max(offset, size - LONGEST);
      const text = await textBetween(path, from, size);
      if (from > offset) rest = '';
      offset = size;
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(0, LONGEST);
      if (size > LONGEST) {
        // The daemons open it to append: they go on at the new end.
        await truncate(path, 0);
        offset = 0;
      }
      return lines;
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}

async function textBetween(path: string, from: number, to: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(to - from);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

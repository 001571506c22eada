import { readFile } from 'node:fs/promises';
import { messageOf, NvgateError } from '../errors.js';
import type { CliIo } from './io.js';

/** What a verb was given to read. */
export interface Input {
  /** For messages: the path, or `<stdin>`. */
  readonly name: string;
  readonly text: string;
}

/**
 * Reads a file, or standard input for `-`. Windows tools write UTF-16 with a byte order mark, or
 * code page 1252; everybody else UTF-8.
 */
export async function readInput(io: CliIo, path: string): Promise<Input> {
  if (path === '-') return { name: '<stdin>', text: decode(await io.readStdin()) };
  try {
    return { name: path, text: decode(await readFile(path)) };
  } catch (error) {
    throw new NvgateError('invalidValue', `${path} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

function decode(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Unless it streams, Node 20 takes code page 1252 for Latin-1, which has no smart quotes.
    return new TextDecoder('windows-1252').decode(bytes, { stream: true });
  }
}

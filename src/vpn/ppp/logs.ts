import { join } from 'node:path';
import type { Link } from './link.js';
import { createLogReader, type LogReader } from './log-file.js';
import { carrierName, logFile, type PppPlace } from './place.js';

/** Everything that the daemons and pppds of a routing domain write. */
export interface Logs {
  /** What is there already concerned somebody before us. */
  skipOld(): void;
  /** New lines by file. */
  read(links: readonly Link[]): Promise<ReadonlyMap<string, readonly string[]>>;
}

export function createLogs({ directory }: PppPlace): Logs {
  const readers = new Map<string, LogReader>();
  let skip = false;
  return {
    skipOld() {
      skip = true;
    },
    async read(links) {
      const files = new Set(
        links.flatMap((link) => [logFile(link), `${carrierName(link)}.output`]),
      );
      for (const file of readers.keys()) if (!files.has(file)) readers.delete(file);
      const lines = new Map<string, readonly string[]>();
      for (const file of files) {
        const reader = readers.get(file) ?? createLogReader(join(directory, file), skip);
        readers.set(file, reader);
        lines.set(file, await reader.read());
      }
      skip = false;
      return lines;
    },
  };
}

import type { Client, ClientOptions } from '../../../provider/client/client.js';
import type { CliIo } from '../../../src/cli/io.js';
import { runCli } from '../../../src/cli/program.js';

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What clients were opened with. */
  readonly opened: readonly ClientOptions[];
}

export interface Surroundings {
  /** The calls that the verb may make; any other is an error. */
  readonly client?: Partial<Client>;
  readonly env?: Record<string, string>;
  readonly stdin?: string | Uint8Array;
  readonly interruption?: () => AbortSignal;
}

/** Runs one command line with nothing real around it. */
export async function run(words: readonly string[], around: Surroundings = {}): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const opened: ClientOptions[] = [];
  const { client = {}, env = {}, stdin = '' } = around;
  const io: CliIo = {
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
    env,
    readStdin: () =>
      Promise.resolve(typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin),
    createClient: (options) => {
      opened.push(options);
      return client as Client;
    },
    interruption: around.interruption ?? (() => new AbortController().signal),
  };
  const exit = await runCli(words, io);
  return { exit, stdout: out.join(''), stderr: err.join(''), opened };
}

// Loads every verb now, so that the time it takes is not the first test's.
await run(['--help']);

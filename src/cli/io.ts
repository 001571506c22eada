import type { Client, ClientOptions } from '../../provider/client/client.js';

/** Everything outside the process that a verb reaches. `main` gives the real things. */
export interface CliIo {
  /** The answer, and nothing else. */
  readonly stdout: TextSink;
  /** Everything for the person at the terminal. */
  readonly stderr: TextSink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard input to its end. */
  readonly readStdin: () => Promise<Uint8Array>;
  readonly createClient: (options: ClientOptions) => Client;
  /** From now on Ctrl-C and SIGTERM end the verb in order, by this signal. */
  readonly interruption: () => AbortSignal;
}

export interface TextSink {
  write(text: string): unknown;
}

export function printLine(sink: TextSink, line = ''): void {
  sink.write(`${line}\n`);
}

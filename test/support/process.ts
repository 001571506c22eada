import { spawn, type ChildProcess } from 'node:child_process';
import type { Namespace } from './namespace.js';
import { patience } from './patience.js';
import { atExit } from './process-owner.js';

export interface CommandOptions {
  /** Network namespace to run in; that of this process where absent. */
  readonly namespace?: Namespace;
  /** Directory to run in; that of this process where absent. */
  readonly cwd?: string;
  readonly input?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until the command is killed, on an ordinary machine; 30,000 where absent. */
  readonly timeout?: number;
}

export interface CommandResult {
  /** Exit status; 128 + signal number is not used: a killed command has -1. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end and answers with its standard output. Rejects when it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await tryRun(command, args, options);
  if (result.status !== 0)
    throw new Error(
      `${[command, ...args].join(' ')} failed (${result.status}) in ${options.namespace?.name ?? 'the own namespace'}: ${result.stderr.trim() || result.stdout.trim()}`,
    );
  return result.stdout;
}

/** Runs a command to its end, whatever its status. */
export async function tryRun(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const background = start(command, args, options);
  const timer = setTimeout(() => background.signal('SIGKILL'), patience(options.timeout ?? 30_000));
  const status = await background.ended;
  clearTimeout(timer);
  return { status, stdout: background.stdout(), stderr: background.stderr() };
}

/** A command that runs beside the test. It is killed at the latest when this process ends. */
export interface Background {
  readonly pid: number;
  /** Resolves with the exit status when the command has ended; -1 after a signal. */
  readonly ended: Promise<number>;
  stdout(): string;
  stderr(): string;
  stdoutBytes(): Buffer;
  signal(signal: NodeJS.Signals): void;
  /** Sends SIGTERM (or another signal), after a while SIGKILL, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<number>;
  /** Resolves when the condition holds; it is looked at after each piece of output. */
  until(condition: (self: Background) => boolean, timeout?: number): Promise<void>;
}

/** Starts a command, in a namespace if one is given. */
export function start(
  command: string,
  args: readonly string[],
  options: Omit<CommandOptions, 'timeout'> = {},
): Background {
  const [file, argv] = commandLine(command, args, options.namespace);
  // A session of its own: Ctrl-C at a terminal reaches the test alone, which then ends the rest.
  const child = spawn(file, argv, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    detached: true,
  });
  child.stdin.on('error', () => undefined); // It ended without reading what it was given.
  child.stdin.end(options.input ?? '');
  return follow(child, [command, ...args].join(' '));
}

function follow(
  child: ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream },
  name: string,
): Background {
  const { pid } = child;
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const listeners = new Set<() => void>();
  const collect = (stream: NodeJS.ReadableStream, into: Buffer[]): void => {
    stream.on('data', (chunk: Buffer) => {
      into.push(chunk);
      for (const listener of listeners) listener();
    });
  };
  collect(child.stdout, stdout);
  collect(child.stderr, stderr);

  let running = true;
  const signal = (which: NodeJS.Signals): void => {
    if (running) child.kill(which);
  };
  const forget = atExit(() => signal('SIGKILL'));
  const ended = new Promise<number>((resolve) => {
    const end = (status: number): void => {
      running = false;
      forget();
      for (const listener of listeners) listener();
      resolve(status);
    };
    child.on('error', (error) => {
      stderr.push(Buffer.from(error.message));
      end(127);
    });
    child.on('close', (code) => end(code ?? -1));
  });

  const self: Background = {
    pid: pid ?? -1,
    ended,
    stdout: () => Buffer.concat(stdout).toString(),
    stderr: () => Buffer.concat(stderr).toString(),
    stdoutBytes: () => Buffer.concat(stdout),
    signal,
    async stop(which = 'SIGTERM') {
      signal(which);
      const timer = setTimeout(() => signal('SIGKILL'), patience(3_000));
      const status = await ended;
      clearTimeout(timer);
      return status;
    },
    until: (condition, usual = 10_000) =>
      new Promise((resolve, reject) => {
        const timeout = patience(usual);
        const finish = (error?: Error): void => {
          clearTimeout(timer);
          listeners.delete(look);
          if (error === undefined) resolve();
          else reject(error);
        };
        const look = (): void => {
          if (condition(self)) finish();
          else if (!running) finish(new Error(`${name} ended: ${self.stderr().trim()}`));
        };
        const timer = setTimeout(
          () => finish(new Error(`${name} is not ready after ${timeout} ms: ${self.stderr()}`)),
          timeout,
        );
        listeners.add(look);
        look();
      }),
  };
  return self;
}

/**
 * The command as it runs in the namespace. `nsenter` becomes the command, so its pid is the
 * command's; `ip netns exec` would hide mounts made by it from everybody else.
 */
export function commandLine(
  command: string,
  args: readonly string[],
  namespace?: Namespace,
): [file: string, argv: string[]] {
  return namespace === undefined
    ? [command, [...args]]
    : ['nsenter', [`--net=${namespace.path}`, command, ...args]];
}

/** Looks every 50 ms until the probe answers something else than undefined. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  usual = 10_000,
): Promise<T> {
  const timeout = patience(usual);
  const end = Date.now() + timeout;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() >= end) throw new Error(`${what}: not within ${timeout} ms.`);
    await sleep(50);
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readFile, readlink, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, NvgateError } from '../../errors.js';

/** A daemon to be started beside this process, which it outlives. */
export interface DaemonCommand {
  /** Of the daemon's own directory, which holds `<name>.pid` and `<name>.output`. */
  readonly directory: string;
  readonly name: string;
  /** Absolute path of the program. */
  readonly file: string;
  /** Everybody on the machine can read them: no secrets. */
  readonly args: readonly string[];
  /** The whole environment but PATH and LC_ALL. No secrets either. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Path of the network namespace to run in; absent = a new one, without links. */
  readonly networkNamespace?: string;
  /** Seen by this daemon alone: `source` in the place of `target`. Both must be there. */
  readonly bindMounts?: readonly { readonly source: string; readonly target: string }[];
}

/** A process, told from a later one with the same pid by its start time. */
export interface Daemon {
  readonly pid: number;
  /** Clock ticks from boot to its start: proc(5), field 22 of stat. */
  readonly startTime: number;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Writes the pid file, then becomes the program: no daemon runs that its file does not name. */
const RECORD = [
  'umask 077',
  'read -r stat < "/proc/$$/stat"',
  'record() { echo "$$ ${20} $program"; }', // Field 22, where field 3 is $1.
  'file=$1 program=$2',
  'record ${stat##*) } > "$file"',
  'shift 2',
  'exec "$@"',
].join('\n');

const MOUNT = 'while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done; shift; exec "$@"';

/** Appended to, so that whoever reads it may empty it. */
const EMPTIED = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;

/** Milliseconds until the started command has to have become the program. */
const START_TIMEOUT = 10_000;
const LOOK_INTERVAL = 10;

/**
 * Starts a daemon in a session of its own. Answers when the program runs; whether it does what it
 * should is for the caller to find out.
 * @throws NvgateError `vpnDaemonFailed` with what it wrote, where it did not start
 */
export async function startDaemon(command: DaemonCommand): Promise<Daemon> {
  const pidFile = pidFileOf(command.directory, command.name);
  await rm(pidFile, { force: true });
  const output = await open(outputFileOf(command.directory, command.name), EMPTIED, 0o600);
  try {
    const [file, ...args] = commandLine(command, pidFile);
    const child = spawn(file, args, {
      cwd: '/',
      detached: true,
      env: { PATH, LC_ALL: 'C', ...command.environment },
      stdio: ['ignore', output.fd, output.fd],
    });
    child.unref();
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    const end = performance.now() + START_TIMEOUT;
    while (failure === undefined && child.exitCode === null && child.signalCode === null) {
      const daemon = await findDaemon(command.directory, command.name);
      if (daemon !== undefined) return daemon;
      if (performance.now() > end) {
        child.kill('SIGKILL');
        break;
      }
      await sleep(LOOK_INTERVAL);
    }
    const reason = failure?.message ?? (await outputOf(command.directory, command.name));
    throw new NvgateError(
      'vpnDaemonFailed',
      `${command.file} could not be started: ${reason === '' ? 'it ended without a word' : reason}`,
    );
  } finally {
    await output.close();
  }
}

/** The daemon that the pid file in the directory names, where it runs. */
export async function findDaemon(directory: string, name: string): Promise<Daemon | undefined> {
  const record = /^(\d+) (\d+) (.+)\n$/.exec(await textOf(pidFileOf(directory, name)));
  const [, pid, startTime, program] = record ?? [];
  if (program === undefined) return undefined;
  const daemon: Daemon = { pid: Number(pid), startTime: Number(startTime) };
  return (await isRunning(daemon)) && (await runs(daemon.pid, program)) ? daemon : undefined;
}

/** Whether it is there still. One that has ended and waits to be collected is not. */
export async function isRunning(daemon: Daemon): Promise<boolean> {
  const stat = await textOf(`/proc/${daemon.pid}/stat`);
  // The command name in parentheses may hold blanks; field 3 is the first one behind it.
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  return fields[0] !== 'Z' && fields[0] !== 'X' && Number(fields[19]) === daemon.startTime;
}

/**
 * Ends a daemon, this process only: by SIGTERM, and by SIGKILL where that does not help.
 * @param patience milliseconds between the two; 0 = SIGKILL at once
 * @throws NvgateError `vpnDaemonFailed` when the kernel does not let it go
 */
export async function stopDaemon(daemon: Daemon, patience = 3000): Promise<void> {
  if (patience > 0 && (await endsAfter(daemon, 'SIGTERM', patience))) return;
  if (await endsAfter(daemon, 'SIGKILL', 3000)) return;
  throw new NvgateError(
    'vpnDaemonFailed',
    `Process ${daemon.pid} does not end, not even by SIGKILL; the kernel holds it.`,
  );
}

/** The end of what the daemon wrote to its standard output and error: a few lines at most. */
export async function outputOf(directory: string, name: string): Promise<string> {
  const text = await textOf(outputFileOf(directory, name));
  return text.trim().split('\n').slice(-5).join('; ').slice(-1000);
}

async function endsAfter(
  daemon: Daemon,
  signal: NodeJS.Signals,
  patience: number,
): Promise<boolean> {
  if (!(await isRunning(daemon))) return true;
  try {
    process.kill(daemon.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
  const end = performance.now() + patience;
  while (await isRunning(daemon)) {
    if (performance.now() > end) return false;
    await sleep(LOOK_INTERVAL);
  }
  return true;
}

function commandLine(command: DaemonCommand, pidFile: string): [string, ...string[]] {
  const mounts = command.bindMounts ?? [];
  return [
    '/bin/sh',
    ...['-ec', RECORD, 'sh', pidFile, basename(command.file)],
    // One byte is too little for a core file, and the one limit that a piped core heeds too
    // (fs/coredump.c): the keys in the daemon's memory stay there.
    ...['prlimit', '--core=1:1', '--'],
    ...(command.networkNamespace === undefined
      ? ['unshare', '--net', '--']
      : ['nsenter', `--net=${command.networkNamespace}`, '--']),
    ...(mounts.length === 0
      ? []
      : [
          ...['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-ec', MOUNT, 'sh'],
          ...mounts.flatMap(({ source, target }) => [source, target]),
          '--',
        ]),
    command.file,
    ...command.args,
  ];
}

/** The process is the program by now, not what leads to it, nor somebody else's. */
async function runs(pid: number, program: string): Promise<boolean> {
  const comm = (await textOf(`/proc/${pid}/comm`)).trimEnd();
  if (comm === program.slice(0, 15)) return true;
  try {
    return basename(await readlink(`/proc/${pid}/exe`)) === program;
  } catch {
    return false; // It has just ended.
  }
}

const GONE: readonly unknown[] = ['ENOENT', 'ESRCH'];

/** The file's text; empty where there is no such file or process. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && GONE.includes(error.code)) return '';
    throw new NvgateError('vpnDaemonFailed', `${path} could not be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function pidFileOf(directory: string, name: string): string {
  return join(directory, `${name}.pid`);
}

function outputFileOf(directory: string, name: string): string {
  return join(directory, `${name}.output`);
}

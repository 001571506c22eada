import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { NvgateError } from '../../errors.js';

/** A tool, its arguments, and what it reads from standard input. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly input?: string;
  /** Milliseconds until the tool is killed; 30,000 where nothing is said. */
  readonly timeout?: number;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const DEFAULT_TIMEOUT = 30_000;

/**
 * Runs one command and gives back what it said, whether it failed or not. All network commands of
 * the gateway pass here.
 * @param networkNamespace path of the namespace to run it in; that of this process where absent
 * @throws NvgateError `kernelOperationFailed` when it cannot be started, `timedOut`
 */
export async function run(command: Command, networkNamespace?: string): Promise<CommandResult> {
  const [file, args] =
    networkNamespace === undefined
      ? [command.file, command.args]
      : ['nsenter', [`--net=${networkNamespace}`, '--', command.file, ...command.args]];
  const input = command.input === undefined ? undefined : await inputFile(command.input);
  try {
    return await collect(file, args, input, command.timeout ?? DEFAULT_TIMEOUT);
  } finally {
    await input?.close();
  }
}

/**
 * As `run`, for a command that has to succeed.
 * @throws NvgateError also `kernelOperationFailed` with what the command wrote to standard error
 */
export async function runSuccessfully(
  command: Command,
  networkNamespace?: string,
): Promise<CommandResult> {
  const result = await run(command, networkNamespace);
  if (result.exitCode !== 0)
    throw new NvgateError(
      'kernelOperationFailed',
      `${commandLine(command)} failed: ${result.stderr.trim() || `exit ${result.exitCode}`}`,
    );
  return result;
}

/** The command as one would type it. */
export function commandLine(command: Pick<Command, 'file' | 'args'>): string {
  return [command.file, ...command.args]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}

/** __O_TMPFILE of Linux, which Node does not name: a file without a name, gone with its last handle. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/**
 * Standard input as a file without a name: nft opens /dev/stdin again, which cannot be done with
 * the socket that Node makes of a pipe.
 */
async function inputFile(text: string): Promise<FileHandle> {
  const writer = await open('/run', O_TMPFILE | constants.O_RDWR, 0o600);
  try {
    await writer.writeFile(text);
    return await open(`/proc/self/fd/${writer.fd}`, 'r');
  } finally {
    await writer.close();
  }
}

function collect(
  file: string,
  args: readonly string[],
  input: FileHandle | undefined,
  timeout: number,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: [input?.fd ?? 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
      timeout,
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', (cause) => {
      reject(
        new NvgateError(
          'kernelOperationFailed',
          `${commandLine({ file, args })} could not be started: ${cause.message}. Install the package that has ${file}.`,
          { cause },
        ),
      );
    });
    child.once('close', (exitCode, signal) => {
      if (exitCode === null)
        reject(
          new NvgateError(
            'timedOut',
            `${commandLine({ file, args })} was ended by ${signal ?? 'a signal'} after at most ${timeout} ms.`,
          ),
        );
      else
        resolve({
          exitCode,
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        });
    });
  });
}

import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { addGlobalOptions } from './connect.js';
import { EXIT, exitCodeOf, failureLines } from './failure.js';
import { printLine, type CliIo } from './io.js';

type AddVerb = (program: Command, io: CliIo) => void;

/** Each verb with all that it needs; only those that a command line names are loaded. */
const VERBS: Readonly<Record<string, () => Promise<AddVerb>>> = {
  run: async () => (await import('./verbs/run.js')).addRun,
  validate: async () => (await import('./verbs/validate.js')).addValidate,
  convert: async () => (await import('./verbs/convert.js')).addConvert,
  apply: async () => (await import('./verbs/apply.js')).addApply,
  diff: async () => (await import('./verbs/diff.js')).addDiff,
  get: async () => (await import('./verbs/get.js')).addGet,
  delete: async () => (await import('./verbs/delete.js')).addDelete,
  trace: async () => (await import('./verbs/trace.js')).addTrace,
  capabilities: async () => (await import('./verbs/capabilities.js')).addCapabilities,
  status: async () => (await import('./verbs/status.js')).addStatus,
  counters: async () => (await import('./verbs/counters.js')).addCounters,
  events: async () => (await import('./verbs/events.js')).addEvents,
  capture: async () => (await import('./verbs/capture.js')).addCapture,
  backup: async () => (await import('./verbs/backup.js')).addBackup,
  restore: async () => (await import('./verbs/restore.js')).addRestore,
};

const CONTRACT = `
The answer goes to standard output, everything else to standard error.
Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 gateway not reachable.`;

/**
 * Runs one command line.
 * @param words without the interpreter and the script
 * @returns exit status
 */
export async function runCli(words: readonly string[], io: CliIo): Promise<number> {
  try {
    const program = await createProgram(words, io);
    await program.parseAsync(words, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // Commander has printed its own errors, and throws for --help and --version too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    for (const line of failureLines(error)) printLine(io.stderr, line);
    return exitCodeOf(error);
  }
}

async function createProgram(words: readonly string[], io: CliIo): Promise<Command> {
  const program = new Command('nvgate')
    .description('NVGRE gateway: runs it, gives it policy, shows what it does')
    .version(VERSION, '--version')
    .addHelpText('after', CONTRACT)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    })
    .showHelpAfterError('(--help shows how)')
    .exitOverride();
  addGlobalOptions(program);
  const named = [...new Set(words)].filter((word) => Object.hasOwn(VERBS, word));
  for (const verb of named.length > 0 ? named : Object.keys(VERBS))
    (await VERBS[verb]?.())?.(program, io);
  return program;
}

import { Command, CommanderError } from 'commander';
import { addGlobalOptions } from './connect.js';
import { EXIT, exitCodeOf, failureLines } from './failure.js';
import { printLine, type CliIo } from './io.js';
import { addApply } from './verbs/apply.js';
import { addCapabilities } from './verbs/capabilities.js';
import { addConvert } from './verbs/convert.js';
import { addCounters } from './verbs/counters.js';
import { addDelete } from './verbs/delete.js';
import { addDiff } from './verbs/diff.js';
import { addEvents } from './verbs/events.js';
import { addGet } from './verbs/get.js';
import { addRun } from './verbs/run.js';
import { addStatus } from './verbs/status.js';
import { addTrace } from './verbs/trace.js';
import { addValidate } from './verbs/validate.js';

const VERBS = [
  addRun,
  addValidate,
  addConvert,
  addApply,
  addDiff,
  addGet,
  addDelete,
  addTrace,
  addCapabilities,
  addStatus,
  addCounters,
  addEvents,
];

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
    await createProgram(io).parseAsync(words, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // Commander has printed its own errors, and throws for --help and --version too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    for (const line of failureLines(error)) printLine(io.stderr, line);
    return exitCodeOf(error);
  }
}

function createProgram(io: CliIo): Command {
  const program = new Command('nvgate')
    .description('NVGRE gateway: runs it, gives it policy, shows what it does')
    .addHelpText('after', CONTRACT)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    })
    .showHelpAfterError('(--help shows how)')
    .exitOverride();
  addGlobalOptions(program);
  for (const addVerb of VERBS) addVerb(program, io);
  return program;
}

import type { Command } from 'commander';
import type { Client } from '../../../provider/client/client.js';
import { ApiProblemError } from '../../../provider/client/problem-error.js';
import type { Pushed } from '../../../provider/client/responses.js';
import type { Problem } from '../../errors.js';
import { openClient, writeOptions, type GlobalOptions } from '../connect.js';
import { apiErrorLines, ReportedFailure } from '../failure.js';
import type { CliIo } from '../io.js';
import { changesOf, problemsInFile } from '../policy-changes.js';
import { readPolicyFile, UNNAMED_DEVICES, type PolicyFile } from '../policy-file.js';
import { printPush } from '../push-answer.js';

interface ApplyOptions extends GlobalOptions {
  readonly file: string;
  readonly replace?: boolean;
  readonly wait?: boolean;
}

export function addApply(program: Command, io: CliIo): void {
  program
    .command('apply')
    .description('push a policy file; all of it or nothing, durable when it answers')
    .requiredOption('-f, --file <file>', 'policy in YAML or JSON; - is standard input')
    .option('--replace', 'the file is the whole policy: what it does not hold is taken out')
    .option('--wait', 'until the kernel has it')
    .addHelpText(
      'after',
      '\nWithout --replace each object of the file is made or replaced, and everything else stays.',
    )
    .action(async (_: object, command: Command) => {
      const options = command.optsWithGlobals<ApplyOptions>();
      const file = await readPolicyFile(io, options.file, UNNAMED_DEVICES, {
        whole: options.replace === true,
      });
      const client = await openClient(io, options);
      const { answer, placed } = await push(client, file, options);
      await printPush(io, options.output, answer, file.problemLines(placed(answer.warnings)));
    });
}

interface PlacedPush {
  readonly answer: Pushed;
  /** Problems of the push, their paths pointing into the file. */
  readonly placed: (problems: readonly Problem[]) => readonly Problem[];
}

async function push(client: Client, file: PolicyFile, options: ApplyOptions): Promise<PlacedPush> {
  const write = writeOptions(options);
  const changes = options.replace === true ? undefined : [...changesOf(file.document)];
  const placed = (problems: readonly Problem[]) =>
    changes === undefined ? problems : problemsInFile(problems, changes);
  try {
    const answer =
      changes === undefined
        ? await client.replacePolicy(file.document, write)
        : await client.changePolicy(
            changes.map(({ change }) => change),
            write,
          );
    return { answer, placed };
  } catch (error) {
    if (!(error instanceof ApiProblemError) || error.errors.length === 0) throw error;
    throw new ReportedFailure([
      ...file.problemLines(placed(error.errors)),
      ...apiErrorLines(error),
    ]);
  }
}

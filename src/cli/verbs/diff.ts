import type { Command } from 'commander';
import { translatePolicy } from '../../../provider/translate/index.js';
import { NvgateError } from '../../errors.js';
import { openClient, type GlobalOptions } from '../connect.js';
import type { CliIo } from '../io.js';
import { printAnswer, printable } from '../output.js';
import { changedFields, differences, type Difference } from '../policy-difference.js';
import { readPolicyFile, UNNAMED_DEVICES } from '../policy-file.js';

interface DiffOptions extends GlobalOptions {
  readonly file: string;
}

export function addDiff(program: Command, io: CliIo): void {
  program
    .command('diff')
    .description('show what `apply --replace` of a policy file would change')
    .requiredOption('-f, --file <file>', 'policy in YAML or JSON; - is standard input')
    .addHelpText(
      'after',
      '\n+ would be added, - removed, ~ changed; nothing is printed when both are the same.' +
        '\nSecrets are not compared: the gateway gives none out.',
    )
    .action(async (_: object, command: Command) => {
      const options = command.optsWithGlobals<DiffOptions>();
      const file = await readPolicyFile(io, options.file, UNNAMED_DEVICES, { whole: true });
      const client = await openClient(io, options);
      const { policy: document } = await client.policy();
      const current = translatePolicy(document, UNNAMED_DEVICES);
      const [problem] = current.problems;
      if (problem !== undefined)
        throw new NvgateError(
          'internal',
          `The gateway's policy cannot be read here: ${problem.path}: ${problem.message} Is this nvgate older than the gateway?`,
        );
      const found = differences(current.policy, file.policy);
      await printAnswer(io, options.output, found, () => found.map(line));
    });
}

const SIGNS = { add: '+', remove: '-', change: '~' } as const;

function line(difference: Difference): string {
  const { change, noun, id, routingDomain, before = {}, after = {} } = difference;
  const place = routingDomain === undefined ? '' : ` in ${routingDomain}`;
  const fields =
    change === 'change'
      ? `: ${changedFields(before, after)
          .map((field) => `${field} ${valueText(before, field)} -> ${valueText(after, field)}`)
          .join(', ')}`
      : '';
  return printable(`${SIGNS[change]} ${noun} ${id}${place}${fields}`);
}

function valueText(holder: object, field: string): string {
  const value = (holder as Partial<Record<string, unknown>>)[field];
  if (value === undefined) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

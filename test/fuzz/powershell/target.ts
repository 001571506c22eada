import { isDeepStrictEqual } from 'node:util';
import { ERROR_CODES } from '../../../src/errors.js';
import { parseIpv4 } from '../../../src/net/ip.js';
import {
  importPowerShell,
  type ImportResult,
} from '../../../src/policy/import-powershell/index.js';
import { formatPolicy, translatePolicy } from '../../../provider/translate/index.js';
import { onceIn } from '../../support/choices.js';
import { caseChoices } from '../case-choices.js';
import { readCorpus } from '../corpus.js';
import { shrinkText } from '../shrink.js';
import type { FuzzTarget, Outcome } from '../target.js';
import { damageText } from './damage.js';
import { generateScript } from './scripts.js';

/** The gateway's provider address in the fixtures. */
const OPTIONS = { gatewayProviderAddress: parseIpv4('172.20.5.40') };

/** One case in so many is imported again: the answer must be the same. */
const ONCE_MORE = 8;

/**
 * Scripts for `nvgate convert`: whatever the text, an answer comes, each note and problem in it names
 * a line of the text, and the policy is one that the provider API reads.
 */
export const powershellTarget: FuzzTarget = {
  name: 'powershell',
  ...{ share: 2, casesPerMark: 1 },
  open: (seed) =>
    Promise.resolve({
      regressions: readCorpus<KeptScript>('powershell').map(({ name, script }) => ({
        name,
        run: () => faultOf(writtenOut(script), true),
      })),
      run: (index) => {
        const choices = caseChoices(seed, index);
        const text = damageText(choices, generateScript(choices), generateScript(choices));
        const twice = onceIn(choices, ONCE_MORE);
        return faultOf(text, twice) === undefined ? undefined : describe(index, text, twice);
      },
      finish: () => undefined,
      close: () => undefined,
    }),
};

/** Lines, each as often as the number before it says where there is one. */
interface KeptScript {
  readonly name: string;
  readonly script: readonly (string | readonly [times: number, line: string])[];
}

function writtenOut(script: KeptScript['script']): string {
  return script
    .map((part) => (typeof part === 'string' ? part : Array(part[0]).fill(part[1]).join('\n')))
    .join('\n');
}

async function describe(index: number, text: string, twice: boolean): Promise<Outcome> {
  const smallest = await shrinkText(text, (less) => faultOf(less, twice) !== undefined);
  return { index, what: `${faultOf(smallest, twice) ?? ''}\n${JSON.stringify(smallest)}` };
}

function faultOf(text: string, twice: boolean): string | undefined {
  let result: ImportResult;
  try {
    result = importPowerShell(text, OPTIONS);
  } catch (error) {
    return `The import threw: ${error instanceof Error ? String(error.stack) : String(error)}`;
  }
  const lines = text.split(/\r\n|\r|\n/).length;
  for (const { line, message } of [...result.notes, ...result.problems]) {
    if (!Number.isInteger(line) || line < 1 || line > lines)
      return `Line ${line} of ${lines}: ${message}`;
    if (message === '') return `Line ${line}: no message`;
  }
  for (const { code } of result.problems)
    if (!Object.hasOwn(ERROR_CODES, code)) return `no such code: ${code}`;
  return (
    faultOfPolicy(result) ??
    (twice && !isDeepStrictEqual(importPowerShell(text, OPTIONS), result)
      ? 'The same text gave two results.'
      : undefined)
  );
}

/** Where nothing is missing, what was read is a document that the API reads: the same policy again. */
function faultOfPolicy({ policy, problems }: ImportResult): string | undefined {
  if (problems.length > 0) return undefined;
  const document = JSON.parse(JSON.stringify(formatPolicy(policy))) as unknown;
  const again = translatePolicy(document, { underlay: ['underlay'], external: [] });
  const [problem] = again.problems;
  if (problem !== undefined) return `The policy is no document: ${JSON.stringify(problem)}`;
  if (!isDeepStrictEqual(again.policy, policy))
    return 'The policy is another when it is written as a document and read again.';
  return undefined;
}

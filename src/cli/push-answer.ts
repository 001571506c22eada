import type { Pushed } from '../../provider/client/responses.js';
import { problemLine } from './failure.js';
import { printLine, type CliIo } from './io.js';
import { printAnswer, type OutputFormat } from './output.js';

/**
 * The revision that a write led to; its warnings go to standard error.
 * @param warnings lines that say where in a file the warnings stand, where there is a file
 */
export async function printPush(
  io: CliIo,
  format: OutputFormat,
  answer: Pushed,
  warnings = answer.warnings.map((warning) => problemLine(warning)),
): Promise<void> {
  for (const warning of warnings) printLine(io.stderr, `warning: ${warning}`);
  await printAnswer(io, format, answer, () => [`revision ${answer.revision}`]);
}

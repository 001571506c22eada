import { ApiProblemError } from '../../provider/client/problem-error.js';
import type { LocatedProblem } from '../config/document.js';
import { messageOf, NvgateError, RefusedError, type Problem } from '../errors.js';
import { printable } from './output.js';

/** The contract of every verb. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3 } as const;

/** A verb was called the wrong way, in a manner that the option parser does not see. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A verb that has said what there is to say, line by line, and failed. */
export class ReportedFailure extends Error {
  override readonly name = 'ReportedFailure';
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof NvgateError && error.code === 'gatewayUnreachable') return EXIT.unreachable;
  return EXIT.failed;
}

/** What goes to standard error for a verb that failed. */
export function failureLines(error: unknown): readonly string[] {
  if (error instanceof ReportedFailure) return error.lines;
  if (error instanceof UsageError) return [`error: ${error.message}`];
  if (error instanceof ApiProblemError)
    return [...error.errors.map((problem) => problemLine(problem)), ...apiErrorLines(error)];
  if (error instanceof RefusedError)
    return [...error.problems.map((problem) => problemLine(problem)), `error: ${summary(error)}`];
  if (error instanceof NvgateError) return [`error: ${summary(error)}`];
  // Not thrown on purpose: whoever mends it needs the stack.
  return [`error: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`];
}

/**
 * One problem on one line, where compilers put theirs: `file:line:column: /path: what (code)`.
 * @param file shown before line and column
 */
export function problemLine(problem: LocatedProblem | Problem, file?: string): string {
  const { path, code, message } = problem;
  const position = 'position' in problem ? problem.position : undefined;
  const place = [file, position?.line, position?.column].filter((part) => part !== undefined);
  const prefix = place.length > 0 ? `${place.join(':')}: ` : '';
  return printable(`${prefix}${path === '' ? '' : `${path}: `}${message} (${code})`);
}

/** A refusal as such, without the errors that it lists. */
export function apiErrorLines(error: ApiProblemError): string[] {
  const lines = [`error: ${summary(error)}`];
  if (error.code === 'unauthorized')
    lines.push(
      'Give the token with --token-file or NVGATE_TOKEN; the gateway keeps it in its state directory.',
    );
  return lines;
}

function summary(error: NvgateError): string {
  return printable(`${error.message} (${error.code})`);
}

import { NvgateError, type ErrorCode, type Problem } from '../../src/errors.js';

/** The gateway refused a call: its problem+json answer (RFC 9457). */
export class ApiProblemError extends NvgateError {
  /** HTTP status. */
  readonly status: number;
  readonly detail: string;
  /** Every error of a refused document, each with its JSON pointer; empty for other refusals. */
  readonly errors: readonly Problem[];
  /** Where a push was stored all the same, and something after that failed: its revision. */
  readonly revision?: number;

  constructor(
    status: number,
    code: ErrorCode,
    detail: string,
    errors: readonly Problem[] = [],
    revision?: number,
  ) {
    super(code, detail);
    this.name = 'ApiProblemError';
    this.status = status;
    this.detail = detail;
    this.errors = errors;
    if (revision !== undefined) this.revision = revision;
  }
}

/** The error that an answer of status 400 and above stands for. */
export function problemOf(status: number, contentType: string, body: string): ApiProblemError {
  const problem = contentType.startsWith('application/problem+json') ? parseObject(body) : {};
  const { code, detail, title, errors, revision } = problem;
  const text = [detail, title].find((value) => typeof value === 'string');
  return new ApiProblemError(
    status,
    // A newer gateway may know more codes than this client; they are shown as they come.
    typeof code === 'string' ? (code as ErrorCode) : 'internal',
    text ?? `The answer was HTTP ${status} and no problem description. Is this nvgate's API?`,
    Array.isArray(errors) ? (errors as Problem[]) : [],
    typeof revision === 'number' ? revision : undefined,
  );
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

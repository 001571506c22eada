import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import {
  ERROR_CODES,
  NvgateError,
  RefusedError,
  type ErrorCode,
  type Problem,
} from '../src/errors.js';
import type { ProblemDocument } from './answer-schemas.js';

/** HTTP status of an error that is not the caller's document as such. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  unauthorized: 401,
  notFound: 404,
  policyLost: 409,
  revisionMismatch: 412,
  policyRefused: 422,
  kernelOperationFailed: 500,
  configInvalid: 500,
  internal: 500,
  gatewayUnreachable: 502,
  storeUnavailable: 503,
  storeDamaged: 503,
  kernelFeatureMissing: 503,
  timedOut: 504,
};

/** More errors than a person or a controller reads; the first ones are listed. */
const ERRORS_LISTED = 10_000;

/** A push that was stored, while something that was to follow did not come about. */
export class StoredPushError extends RefusedError {
  readonly revision: number;

  constructor(code: ErrorCode, message: string, problems: readonly Problem[], revision: number) {
    super(code, message, problems);
    this.name = 'StoredPushError';
    this.revision = revision;
  }
}

export function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? 400;
}

/** Codes that say that a document has not the shape of the schema. */
const SHAPE_CODES: ReadonlySet<ErrorCode> = new Set([
  'malformedRequest',
  'unknownField',
  'missingField',
  'invalidValue',
]);

/** What a body is refused with: `malformedRequest` for its shape, else `policyRefused`. */
export function refusedDocument(
  problems: readonly Problem[],
  what: 'body' | 'query' = 'body',
): RefusedError {
  const misshapen = problems.some(({ code }) => SHAPE_CODES.has(code));
  const count = problems.length === 1 ? '1 error' : `${problems.length} errors`;
  const rest = problems.length > ERRORS_LISTED ? `; the first ${ERRORS_LISTED} are listed` : '';
  return new RefusedError(
    misshapen ? 'malformedRequest' : 'policyRefused',
    `The ${what} has ${count}${rest}. Nothing was applied.`,
    problems,
  );
}

/** What a call is refused with whose path cannot name an object. */
export function refusedPath(noun: string, problems: readonly Problem[]): RefusedError {
  return new RefusedError('malformedRequest', `The path names no ${noun}.`, problems);
}

export function problemDocument(
  error: NvgateError,
  status = statusOf(error.code),
): ProblemDocument {
  return {
    type: `urn:nvgate:problem:${error.code}`,
    title: ERROR_CODES[error.code],
    status,
    detail: error.message,
    code: error.code,
    ...(error instanceof RefusedError && { errors: error.problems.slice(0, ERRORS_LISTED) }),
    ...(error instanceof StoredPushError && { revision: error.revision }),
  };
}

/** Answers every error of every route in one form. */
export function answerError(
  error: FastifyError | NvgateError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  if (error instanceof NvgateError) {
    const status = statusOf(error.code);
    if (status >= 500) request.log.error({ err: error }, 'request failed');
    sendProblem(reply, error, status);
    return;
  }
  const status = error.statusCode ?? 500;
  if (status < 500) {
    // The framework's own refusals: body too large, unknown content type, broken URL.
    sendProblem(reply, new NvgateError('malformedRequest', explain(error)), status);
    return;
  }
  request.log.error({ err: error }, 'request failed');
  // What the error says may not be for the caller; the log has it.
  const detail = `Something went wrong in the gateway that it did not expect. Its log has the details under request ${request.id}.`;
  sendProblem(reply, new NvgateError('internal', detail), 500);
}

export function answerNotFound(request: FastifyRequest, reply: FastifyReply): void {
  const detail = `There is no call ${request.method} ${request.url.split('?')[0] ?? ''}. GET /openapi.json lists the calls.`;
  sendProblem(reply, new NvgateError('notFound', detail), 404);
}

function sendProblem(reply: FastifyReply, error: NvgateError, status: number): void {
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="nvgate"');
  void reply
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify(problemDocument(error, status)));
}

function explain(error: FastifyError): string {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return 'The body is larger than this call takes. Push large policies with PUT or PATCH /v1/policy.';
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return 'The content type is not one that this call takes. Send application/json, or application/x-ndjson to PATCH /v1/policy.';
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return 'The body is empty. Send a JSON document.';
    default:
      return `${error.message}. (${STATUS_CODES[error.statusCode ?? 400] ?? 'Bad Request'})`;
  }
}

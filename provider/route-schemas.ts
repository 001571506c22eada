import type { TSchema } from 'typebox';
import { ProblemDocumentSchema, PushAnswerSchema } from './answer-schemas.js';

const PROBLEMS = {
  400: 'The request could not be read, or names no object',
  401: 'The bearer token is missing or wrong',
  404: 'The object named does not exist',
  409: 'The stored policy was lost; only the whole policy can be pushed',
  412: 'The policy has another revision than If-Match names',
  413: 'The body is larger than the call takes',
  415: 'The call does not take that content type',
  422: 'The policy would have errors; nothing was applied',
  500: 'An error that nvgate did not expect, or that the kernel made',
  503: 'The policy could not be stored; nothing was changed',
  504: 'The kernel did not have the push in time; it is stored all the same',
} as const;

type ProblemStatus = keyof typeof PROBLEMS;

/** What every write may be refused with. */
const WRITE_PROBLEMS = [400, 401, 409, 412, 413, 415, 422, 500, 503, 504] as const;

/** The answers of a call, by status: what it is for, and how it may be refused. */
export type Answers = Record<number, object>;

export function answers(
  schema: TSchema,
  problems: readonly ProblemStatus[],
  contentType = 'application/json',
): Answers {
  const { description = 'What was asked for' } = schema as { description?: string };
  const response: Answers = { 200: { description, content: { [contentType]: { schema } } } };
  for (const status of problems)
    response[status] = {
      description: PROBLEMS[status],
      content: { 'application/problem+json': { schema: ProblemDocumentSchema } },
    };
  return response;
}

export function pushAnswers(...more: ProblemStatus[]): Answers {
  return answers(PushAnswerSchema, [...WRITE_PROBLEMS, ...more]);
}

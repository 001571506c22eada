import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { NvgateError, RefusedError, type Problem } from '../src/errors.js';
import type { PolicyRef } from '../src/model/policy-ref.js';
import type { RoutingDomainId } from '../src/model/routing-domain-id.js';
import { PolicyRefusedError, type Finding } from '../src/policy/finding.js';
import type { PushOptions, PushResult, PushScope } from '../src/policy/service.js';
import type { PushAnswer } from './answer-schemas.js';
import type { ProviderContext } from './context.js';
import { findExisting } from './existing.js';
import { StoredPushError } from './problem.js';
import { placeFinding } from './translate/index.js';

const DEFAULT_TIMEOUT_SECONDS = 30;

export const PushQuerySchema = Type.Object(
  {
    wait: Type.Optional(
      Type.Literal('synchronized', { description: 'Answer when the kernel has what was pushed' }),
    ),
    timeout: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 600,
        description: `Seconds to wait; ${DEFAULT_TIMEOUT_SECONDS} if absent`,
      }),
    ),
  },
  { additionalProperties: false },
);

export type PushQuery = Static<typeof PushQuerySchema>;

export const PushHeadersSchema = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'Refuse unless this is the current revision', examples: ['"7"'] }),
  ),
});

export interface Push {
  readonly run: (options: PushOptions) => Promise<PushResult>;
  /** Where an object of the push stands in the body. */
  readonly locate: (subject: object) => string | undefined;
}

/** Runs a push as the request's `If-Match` and `wait` ask, and answers it. */
export async function answerPush(
  context: ProviderContext,
  request: FastifyRequest<{ Querystring: PushQuery }>,
  reply: FastifyReply,
  push: Push,
): Promise<PushAnswer> {
  const ifMatch = parseIfMatch(request.headers['if-match']);
  const result = await refuseAsDocument(context, push, ifMatch === undefined ? {} : { ifMatch });
  const { revision } = result;
  if (request.query.wait !== undefined)
    await waitForKernel(context, result, request.query.timeout ?? DEFAULT_TIMEOUT_SECONDS);
  void reply.header('etag', etag(revision));
  return { revision, warnings: placeFindings(context, result.warnings, push.locate) };
}

export function etag(revision: number): string {
  return `"${revision}"`;
}

/** @throws NvgateError `malformedRequest` */
function parseIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const [, revision] = /^\s*"(\d{1,15})"\s*$/.exec(header) ?? [];
  if (revision === undefined)
    throw new NvgateError(
      'malformedRequest',
      `If-Match: ${header} names no revision. Send the ETag of a read, for example If-Match: "7".`,
    );
  return Number(revision);
}

async function refuseAsDocument(
  context: ProviderContext,
  push: Push,
  options: PushOptions,
): Promise<PushResult> {
  try {
    return await push.run(options);
  } catch (error) {
    if (!(error instanceof PolicyRefusedError)) throw error;
    const problems = placeFindings(context, error.findings, push.locate);
    throw new RefusedError(error.code, error.message, problems);
  }
}

/** An object that is not in the body but in the policy is named by its path in the API. */
function placeFindings(
  context: ProviderContext,
  findings: readonly Finding[],
  locate: Push['locate'],
): Problem[] {
  const elsewhere = findings
    .map(({ subject }) => subject)
    .filter((subject) => locate(subject) === undefined);
  const existing = findExisting(context.policy.current().policy, new Set(elsewhere));
  return findings.map((finding) => {
    const ref = existing.get(finding.subject);
    const path = locate(finding.subject) ?? (ref === undefined ? '' : `/v1/${ref}`);
    return placeFinding(finding, path);
  });
}

/** @throws StoredPushError `timedOut`, or `kernelOperationFailed` where the kernel refused a part */
async function waitForKernel(
  { status }: ProviderContext,
  { revision, scope }: PushResult,
  seconds: number,
): Promise<void> {
  const signal = AbortSignal.timeout(seconds * 1000);
  let timedOut = false;
  try {
    await status.synchronized(revision, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    timedOut = true;
  }
  const now = status.status();
  const failures: Problem[] = now.gatewayFailures.map((reason) => failure('/v1/gateway', reason));
  for (const [ref, reason] of now.failures)
    if (concerns(scope, ref)) failures.push(failure(`/v1/${ref}`, reason));
  if (timedOut)
    throw new StoredPushError(
      'timedOut',
      `Revision ${revision} is stored, but the kernel did not have it after ${seconds} s: it is at revision ${now.revision}. The gateway goes on with it; watch GET /v1/gateway.`,
      [
        {
          path: '/v1/policy',
          code: 'timedOut',
          message: `Revision ${revision} is pending; the kernel has revision ${now.revision}.`,
        },
        ...failures,
      ],
      revision,
    );
  if (failures.length > 0)
    throw new StoredPushError(
      'kernelOperationFailed',
      `Revision ${revision} is stored, but the kernel does not have all of it. The gateway tries again; each error says what is missing.`,
      failures,
      revision,
    );
}

function failure(path: string, message: string): Problem {
  return { path, code: 'kernelOperationFailed', message };
}

function concerns(scope: PushScope, ref: PolicyRef): boolean {
  const [noun, id = ''] = ref.split('/');
  return noun === 'routing-domains' ? scope.domains.has(id as RoutingDomainId) : scope.gateway;
}

import type { FastifyInstance } from 'fastify';
import { acceptChangeLines, ChangeLines, POLICY_BODY_LIMIT } from '../body.js';
import { ChangeSchema, ChangesSchema } from '../change-schemas.js';
import type { ProviderContext } from '../context.js';
import { streamPolicy } from '../policy-stream.js';
import { refusedDocument } from '../problem.js';
import { answerPush, etag, PushHeadersSchema, PushQuerySchema, type PushQuery } from '../push.js';
import { answers, pushAnswers } from '../route-schemas.js';
import { PolicySchema } from '../schemas.js';
import { judgePolicy, translateChanges, translatePolicy } from '../translate/index.js';

/** /v1/policy: the whole policy at once. */
export function policy(app: FastifyInstance, context: ProviderContext): void {
  const { environment } = context;

  app.get(
    '/v1/policy',
    {
      schema: {
        operationId: 'getPolicy',
        summary: 'Reads the whole policy, each object with its state',
        tags: ['policy'],
        response: answers(PolicySchema, [401]),
      },
    },
    (_request, reply) => {
      const { revision, policy } = context.policy.current();
      return reply
        .header('etag', etag(revision))
        .type('application/json; charset=utf-8')
        .send(streamPolicy(policy, context));
    },
  );

  app.put<{ Querystring: PushQuery }>(
    '/v1/policy',
    {
      bodyLimit: POLICY_BODY_LIMIT,
      schema: {
        operationId: 'replacePolicy',
        summary: 'Replaces the whole policy',
        tags: ['policy'],
        headers: PushHeadersSchema,
        querystring: PushQuerySchema,
        body: PolicySchema,
        response: pushAnswers(),
      },
    },
    (request, reply) => {
      const translated = translatePolicy(request.body, environment);
      if (translated.problems.length > 0)
        throw refusedDocument(judgePolicy(translated, environment).errors);
      return answerPush(context, request, reply, {
        run: (options) => context.policy.replace(translated.policy, options),
        locate: translated.locate,
      });
    },
  );

  app.register((scope, _options, done) => {
    acceptChangeLines(scope, environment);
    scope.patch<{ Querystring: PushQuery }>(
      '/v1/policy',
      {
        bodyLimit: POLICY_BODY_LIMIT,
        schema: {
          operationId: 'changePolicy',
          summary: 'Applies changes, whole or not at all',
          description:
            'Takes a list of changes as JSON, or as application/x-ndjson one change a line.',
          tags: ['policy'],
          headers: PushHeadersSchema,
          querystring: PushQuerySchema,
          body: {
            content: {
              'application/json': { schema: ChangesSchema },
              'application/x-ndjson': { schema: ChangeSchema },
            },
          },
          response: pushAnswers(),
        },
      },
      (request, reply) => {
        const { changes, problems, locate } =
          request.body instanceof ChangeLines
            ? request.body.translated
            : translateChanges(request.body, environment);
        if (problems.length > 0) throw refusedDocument(problems);
        return answerPush(context, request, reply, {
          run: (options) => context.policy.change(changes, options),
          locate,
        });
      },
    );
    done();
  });
}

import type { FastifyInstance } from 'fastify';
import { HealthSchema, ReadinessSchema, type ReadinessAnswer } from '../answer-schemas.js';
import type { ProviderContext } from '../context.js';
import { answers, type Answers } from '../route-schemas.js';

const READINESS_ANSWERS: Answers = {
  ...answers(ReadinessSchema, []),
  503: {
    description: 'Not ready yet',
    content: { 'application/json': { schema: ReadinessSchema } },
  },
};

/** GET /healthz and /readyz: open to whoever watches over the process. */
export function health(app: FastifyInstance, context: ProviderContext): void {
  app.get(
    '/healthz',
    {
      config: { open: true },
      schema: {
        operationId: 'getHealth',
        summary: 'Whether the process serves',
        tags: ['health'],
        security: [],
        response: answers(HealthSchema, []),
      },
    },
    () => ({ status: 'ok' }),
  );

  // Once ready, always ready: each push is pending for a moment, and that is no reason to be
  // taken out of service.
  let wasReady = false;
  app.get(
    '/readyz',
    {
      config: { open: true },
      schema: {
        operationId: 'getReadiness',
        summary: 'Whether the stored policy has been brought to the kernel since the start',
        tags: ['health'],
        security: [],
        response: READINESS_ANSWERS,
      },
    },
    (_request, reply): ReadinessAnswer => {
      const { revision } = context.policy.current();
      const now = context.status.status();
      wasReady ||= now.lastRunAt !== undefined && now.revision >= revision;
      void reply.code(wasReady ? 200 : 503);
      return { ready: wasReady, revision, synchronizedRevision: now.revision };
    },
  );
}

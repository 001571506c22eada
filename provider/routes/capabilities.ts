import type { FastifyInstance } from 'fastify';
import { CapabilitiesSchema } from '../answer-schemas.js';
import type { ProviderContext } from '../context.js';
import { answers } from '../route-schemas.js';

/** GET /v1/capabilities */
export function capabilities(app: FastifyInstance, context: ProviderContext): void {
  app.get(
    '/v1/capabilities',
    {
      schema: {
        operationId: 'getCapabilities',
        summary: 'What the gateway supports on this system now',
        tags: ['gateway'],
        response: answers(CapabilitiesSchema, [401]),
      },
    },
    async () => context.capabilities(),
  );
}

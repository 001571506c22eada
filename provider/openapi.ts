import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

/** Describes every route that is registered after it, as OpenAPI 3.1. */
export function describeApi(app: FastifyInstance, version: string): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'nvgate provider API',
        version,
        description:
          'Pushes virtualization policy to an NVGRE gateway and asks how far it is. One push is applied whole or not at all.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      security: [{ token: [] }],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'From the state directory' },
        },
      },
    },
  });
}

import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';

type Json = Record<string, unknown>;

/** Describes every route that is registered after it, as OpenAPI 3.1. */
export function describeApi(app: FastifyInstance, version: string): void {
  const components = new Map<string, unknown>();
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
    transform: ({ schema, url }) => ({
      schema: referNamed(schema, components) as FastifySchema,
      url,
    }),
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject;
      const { openapiObject } = document;
      const schemas = Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1)));
      Object.assign(openapiObject.components ?? {}, { schemas });
      return openapiObject;
    },
  });
}

/**
 * A copy in which every schema that has a name (`$id`) is a reference to it, the schema itself
 * being taken down in `components`: each noun is described once.
 */
function referNamed(value: unknown, components: Map<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => referNamed(item, components));
  if (typeof value !== 'object' || value === null) return value;
  const { $id: name, ...fields } = value as Json;
  const copy = Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [key, referNamed(field, components)]),
  );
  if (typeof name !== 'string') return copy;
  components.set(name, copy);
  return { $ref: `#/components/schemas/${name}` };
}

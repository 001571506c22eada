import type { FastifyInstance } from 'fastify';

/** GET /openapi.json */
export function openapi(app: FastifyInstance): void {
  app.get('/openapi.json', { config: { open: true }, schema: { hide: true } }, () => app.swagger());
}

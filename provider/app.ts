import { createServer as createPlainServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import Fastify, { LogController, type FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { Convert } from 'typebox/value';
import type { Problem } from '../src/errors.js';
import { requireToken } from './authentication.js';
import { acceptJson, OBJECT_BODY_LIMIT } from './body.js';
import type { ProviderContext } from './context.js';
import { describeApi } from './openapi.js';
import { answerError, answerNotFound, refusedDocument } from './problem.js';
import { capabilities } from './routes/capabilities.js';
import { connections } from './routes/connections.js';
import { counters } from './routes/counters.js';
import { customerRoutes } from './routes/customer-routes.js';
import { events } from './routes/events.js';
import { gateway } from './routes/gateway.js';
import { health } from './routes/health.js';
import { lookupRecords } from './routes/lookup-records.js';
import { metrics } from './routes/metrics.js';
import { openapi } from './routes/openapi.js';
import { policy } from './routes/policy.js';
import { providerAddresses } from './routes/provider-addresses.js';
import { providerRoutes } from './routes/provider-routes.js';
import { routingDomains } from './routes/routing-domains.js';
import { trace } from './routes/trace.js';
import { virtualSubnets } from './routes/virtual-subnets.js';
import { shapeCheck } from './translate/shape.js';

const ROUTES = [
  gateway,
  capabilities,
  policy,
  providerAddresses,
  providerRoutes,
  routingDomains,
  virtualSubnets,
  lookupRecords,
  customerRoutes,
  connections,
  trace,
  counters,
  events,
  metrics,
  health,
  openapi,
] as const;

export interface AppOptions {
  /** PEM; plain HTTP where absent. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A client that sends a policy of 500 MB has this long for it. */
const REQUEST_TIMEOUT_MS = 300_000;

/** The provider API of one gateway; `startServer` opens it to the network. */
export function buildApp(context: ProviderContext, options: AppOptions = {}): FastifyInstance {
  const { tls } = options;
  const app = Fastify({
    loggerInstance: context.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: OBJECT_BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    frameworkErrors: answerError,
    serverFactory: (handler) => {
      const server =
        tls === undefined
          ? createPlainServer(handler)
          : createSecureServer({ ...tls, minVersion: 'TLSv1.2' }, handler);
      server.requestTimeout = REQUEST_TIMEOUT_MS;
      return server;
    },
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNotFound);
  app.setValidatorCompiler(({ schema, httpPart }) =>
    httpPart === 'querystring' ? checkQuery(schema as TSchema) : acceptAll,
  );
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  acceptJson(app);
  app.addHook('onRequest', requireToken(context.token));
  app.addHook('onResponse', (request, reply, done) => {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      request.log.info(
        {
          method: request.method,
          url: request.url,
          status: reply.statusCode,
          ms: Math.round(reply.elapsedTime),
        },
        'request',
      );
    done();
  });
  describeApi(app, context.gateway.version);
  // As a plugin, so that the description above is there to see the routes come.
  app.register((scope, _options, done) => {
    for (const register of ROUTES) register(scope, context);
    done();
  });
  return app;
}

/**
 * Bodies and paths are checked by `translate`, which has more to say than a schema: what a value
 * may be, and how objects get on together, all in one answer.
 */
function acceptAll(): true {
  return true;
}

function checkQuery(schema: TSchema): (query: unknown) => { value: unknown } | { error: Error } {
  const hasShape = shapeCheck(schema);
  return (query) => {
    const value = Convert(schema, { ...(query as object) });
    const problems: Problem[] = [];
    return hasShape(value, problems) ? { value } : { error: refusedDocument(problems, 'query') };
  };
}

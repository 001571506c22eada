import { PassThrough } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { lostReason } from '../../src/policy/lost-policy.js';
import type { GatewayEvent, ProviderContext } from '../context.js';
import { answers } from '../route-schemas.js';

/** Proxies close a connection that says nothing for about a minute. */
const HEARTBEAT_MS = 15_000;

/** Text that waits for a reader; who falls behind further is cut off and may come again. */
const BACKLOG_BYTES = 1024 * 1024;

/** GET /v1/events: what happens, as server-sent events (WHATWG HTML section 9.2). */
export function events(app: FastifyInstance, context: ProviderContext): void {
  const open = new Set<PassThrough>();
  app.addHook('preClose', (done) => {
    for (const stream of open) stream.end();
    done();
  });

  app.get(
    '/v1/events',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'watchEvents',
        summary: 'What happens at the gateway, as server-sent events',
        description:
          'Events: `revision` (a push was stored), `synchronized` (a revision was brought to the kernel), `failure` (an object could not be made), `recovered` (now it could), `repaired` (the kernel was found to differ, and mended), `connection` (a remote connection has come to another state), `pathMtu` (a router says that the way to a peer carries less, or that has become too old to count), `peerProblem` (a peer’s NVGRE is wrong). The first event is the revision at the time; a `failure` follows when the stored policy was lost.',
        tags: ['events'],
        response: answers(
          Type.String({ description: 'Events, until one side ends the stream' }),
          [401],
          'text/event-stream',
        ),
      },
    },
    (_request, reply) => {
      const stream = new PassThrough();
      const send = (event: GatewayEvent): void => {
        stream.write(eventText(event));
        if (stream.writableLength > BACKLOG_BYTES) stream.destroy();
      };
      const unsubscribe = context.events.subscribe(send);
      const heartbeat = setInterval(() => stream.write(':\n\n'), HEARTBEAT_MS);
      open.add(stream);
      stream.once('close', () => {
        unsubscribe();
        clearInterval(heartbeat);
        open.delete(stream);
      });
      send({ type: 'revision', revision: context.policy.current().revision });
      const lost = context.policy.lost();
      if (lost !== undefined) send({ type: 'failure', reason: lostReason(lost) });
      return reply
        .header('cache-control', 'no-store')
        .type('text/event-stream; charset=utf-8')
        .send(stream);
    },
  );
}

function eventText({ type, ...data }: GatewayEvent): string {
  const id = 'revision' in data ? `id: ${data.revision}\n` : '';
  return `event: ${type}\n${id}data: ${JSON.stringify(data)}\n\n`;
}

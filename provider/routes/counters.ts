import type { FastifyInstance } from 'fastify';
import { VERDICTS, verdictOf } from '../../src/forwarding/verdict.js';
import { CountersSchema, type CountersAnswer } from '../answer-schemas.js';
import type { CounterReading, ProviderContext } from '../context.js';
import { answers } from '../route-schemas.js';

/** GET /v1/counters */
export function counters(app: FastifyInstance, context: ProviderContext): void {
  app.get(
    '/v1/counters',
    {
      schema: {
        operationId: 'getCounters',
        summary: 'Packets and bytes by VSID and verdict',
        tags: ['counters'],
        response: answers(CountersSchema, [401]),
      },
    },
    async (): Promise<CountersAnswer> => ({
      counters: (await context.counters()).flatMap(formatCounter),
    }),
  );
}

/** A verdict that this build does not know comes from a newer one's data plane: left out. */
function formatCounter(reading: CounterReading): CountersAnswer['counters'] {
  const verdict = verdictOf(reading.verdict);
  if (verdict === undefined) return [];
  const { kind, description } = VERDICTS[verdict];
  // Exact up to 2^53, which is 9 petabytes.
  const [packets, bytes] = [Number(reading.packets), Number(reading.bytes)];
  return [{ vsid: reading.vsid, verdict, kind, description, packets, bytes }];
}

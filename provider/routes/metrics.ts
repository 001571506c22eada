import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { Type } from 'typebox';
import { verdictOf } from '../../src/forwarding/verdict.js';
import type { CounterReading, ProviderContext } from '../context.js';
import { answers } from '../route-schemas.js';
import { tunnelMetrics } from './tunnel-metrics.js';

/** GET /metrics, in the Prometheus text format. */
export function metrics(app: FastifyInstance, context: ProviderContext): void {
  const registry = createRegistry(context);
  const ofTunnels = tunnelMetrics(registry, context);
  app.addHook('onClose', (_app, done) => {
    ofTunnels.close();
    registry.clear();
    done();
  });
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'getMetrics',
        summary: 'Counters, revisions and process figures for Prometheus',
        tags: ['counters'],
        response: answers(
          Type.String({ description: 'Prometheus text format' }),
          [401],
          'text/plain',
        ),
      },
    },
    async (_request, reply) => {
      await ofTunnels.refresh();
      return reply.type(registry.contentType).send(await registry.metrics());
    },
  );
}

function createRegistry(context: ProviderContext): Registry {
  const { gateway, policy, status } = context;
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const count = (name: string, help: string, valueOf: (reading: CounterReading) => bigint) =>
    new Counter({
      name,
      help,
      labelNames: ['vsid', 'verdict'],
      registers,
      async collect() {
        // The data plane holds totals, this object wants increments.
        this.reset();
        for (const reading of await context.counters()) {
          const verdict = verdictOf(reading.verdict);
          if (verdict !== undefined)
            this.inc({ vsid: reading.vsid, verdict }, Number(valueOf(reading)));
        }
      },
    });
  count('nvgate_packets_total', 'Packets by VSID and verdict', (reading) => reading.packets);
  count('nvgate_bytes_total', 'Bytes by VSID and verdict', (reading) => reading.bytes);

  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('nvgate_policy_revision', 'Revision of the stored policy', () => policy.current().revision);
  gauge(
    'nvgate_synchronized_revision',
    'Newest revision that was brought to the kernel',
    () => status.status().revision,
  );
  gauge('nvgate_failures', 'Objects of the policy that the kernel does not have', () => {
    const { failures, gatewayFailures } = status.status();
    return failures.size + gatewayFailures.length;
  });
  new Counter({
    name: 'nvgate_repairs_total',
    help: 'Kernel objects found missing or wrong, and mended',
    registers,
    collect() {
      this.reset();
      this.inc(status.status().repairs);
    },
  });
  new Gauge({
    name: 'nvgate_build_info',
    help: 'Always 1; the version is a label',
    labelNames: ['version'],
    registers,
  }).set({ version: gateway.version }, 1);
  return registry;
}

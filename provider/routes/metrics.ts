import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { Type } from 'typebox';
import { peerProblemOf } from '../../src/forwarding/peer-problem.js';
import { verdictOf } from '../../src/forwarding/verdict.js';
import { formatIp } from '../../src/net/ip.js';
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
  new Counter({
    name: 'nvgate_peer_malformed_total',
    help: 'Packets that are not NVGRE as it should be, by the provider address they came from',
    labelNames: ['peer', 'reason'],
    registers,
    async collect() {
      this.reset();
      for (const { providerAddress, problem, packets } of await context.underlay.peerProblems()) {
        const reason = peerProblemOf(problem);
        if (reason !== undefined)
          this.inc({ peer: formatIp(providerAddress), reason }, Number(packets));
      }
    },
  });
  new Gauge({
    name: 'nvgate_path_mtu_bytes',
    help: 'Outer packet that the way to a peer carries, where a router has said so',
    labelNames: ['peer'],
    registers,
    collect() {
      this.reset();
      for (const { providerAddress, mtu } of context.underlay.pathMtus())
        this.set({ peer: formatIp(providerAddress) }, mtu);
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

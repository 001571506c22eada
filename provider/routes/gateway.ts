import type { FastifyInstance } from 'fastify';
import { isRemote } from '../../src/model/connection.js';
import type { Policy } from '../../src/model/policy.js';
import { lostReason } from '../../src/policy/lost-policy.js';
import { GatewaySchema, type GatewayAnswer } from '../answer-schemas.js';
import type { ProviderContext } from '../context.js';
import { answers } from '../route-schemas.js';
import { listPathMtus, listPeerProblems } from '../translate/underlay.js';
import type { TunnelSource } from '../tunnels.js';

/** GET /v1/gateway */
export function gateway(app: FastifyInstance, context: ProviderContext): void {
  app.get(
    '/v1/gateway',
    {
      schema: {
        operationId: 'getGateway',
        summary: 'What the gateway is and how it is',
        tags: ['gateway'],
        response: answers(GatewaySchema, [401]),
      },
    },
    async () => describe(context, await listPeerProblems(context.underlay)),
  );
}

function describe(
  { gateway: { name, version, startedAt }, policy, status, tunnels, underlay }: ProviderContext,
  peerProblems: GatewayAnswer['peerProblems'],
): GatewayAnswer {
  const { revision, policy: current } = policy.current();
  const now = status.status();
  const lost = policy.lost();
  const failures = [
    ...(lost === undefined ? [] : [{ reason: lostReason(lost) }]),
    ...now.gatewayFailures.map((reason) => ({ reason })),
    ...Array.from(now.failures, ([ref, reason]) => ({ ref, reason })),
  ];
  return {
    name,
    version,
    revision,
    health: failures.length > 0 ? 'degraded' : now.revision < revision ? 'synchronizing' : 'ok',
    startedAt: startedAt.toISOString(),
    uptimeSeconds: Math.floor((Date.now() - startedAt.getTime()) / 1000),
    reconcile: {
      revision: now.revision,
      ...(now.lastRunAt !== undefined && { lastRunAt: now.lastRunAt.toISOString() }),
      repairs: now.repairs,
      failures,
    },
    counts: count(current),
    tunnels: countTunnels(current, tunnels),
    pathMtus: listPathMtus(underlay),
    peerProblems,
  };
}

function count(policy: Policy): GatewayAnswer['counts'] {
  const counts = { virtualSubnets: 0, lookupRecords: 0, customerRoutes: 0, connections: 0 };
  for (const domain of policy.routingDomains.values()) {
    counts.virtualSubnets += domain.virtualSubnets.size;
    counts.lookupRecords += domain.lookupRecords.size;
    counts.customerRoutes += domain.customerRoutes.size;
    counts.connections += domain.connections.size;
  }
  return {
    providerAddresses: policy.providerAddresses.size,
    providerRoutes: policy.providerRoutes.size,
    routingDomains: policy.routingDomains.size,
    ...counts,
  };
}

function countTunnels(policy: Policy, tunnels: TunnelSource): GatewayAnswer['tunnels'] {
  const counts = { connected: 0, connecting: 0, disconnected: 0, failed: 0 };
  for (const domain of policy.routingDomains.values())
    for (const connection of domain.connections.values())
      if (isRemote(connection))
        counts[tunnels.stateOf(domain.head.id, connection.id)?.connection ?? 'connecting'] += 1;
  return counts;
}

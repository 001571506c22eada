import { Counter, Gauge, type Registry } from 'prom-client';
import { isRemote, type ConnectionId } from '../../src/model/connection.js';
import { policyRef } from '../../src/model/policy-ref.js';
import type { Policy } from '../../src/model/policy.js';
import type { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { knownAssociations } from '../connection-state.js';
import type { ProviderContext } from '../context.js';
import type { SecurityAssociationReport } from '../tunnels.js';

/** The metrics of remote connections. */
export interface TunnelMetrics {
  /** Brings them up to date; before each time that the registry is read. */
  refresh(): Promise<void>;
  close(): void;
}

const LABELS = ['routing_domain', 'connection'] as const;
const DIRECTIONS = { in: ['bytesIn', 'packetsIn'], out: ['bytesOut', 'packetsOut'] } as const;

export function tunnelMetrics(
  registry: Registry,
  { policy, tunnels, events }: Pick<ProviderContext, 'policy' | 'tunnels' | 'events'>,
): TunnelMetrics {
  const registers = [registry];
  const up = new Gauge({
    name: 'nvgate_connection_up',
    help: '1 while the tunnel of a remote connection is up, else 0',
    labelNames: LABELS,
    registers,
  });
  const changes = new Counter({
    name: 'nvgate_connection_changes_total',
    help: 'Changes of state of a remote connection',
    labelNames: LABELS,
    registers,
  });
  const traffic = (name: string, what: string) =>
    new Counter({
      name,
      help: `${what} through the ESP SAs that a remote connection has now; begins anew with new SAs`,
      labelNames: [...LABELS, 'direction'],
      registers,
    });
  const bytes = traffic('nvgate_connection_bytes_total', 'Bytes');
  const packets = traffic('nvgate_connection_packets_total', 'Packets');

  let changed = new Map<string, number>();
  const unsubscribe = events.subscribe((event) => {
    if (event.type === 'connection') changed.set(event.ref, (changed.get(event.ref) ?? 0) + 1);
  });

  return {
    close: unsubscribe,
    async refresh() {
      const current = tunnelsOf(policy.current().policy);
      const associations = await Promise.all(
        current.map(async ({ domain, id }) =>
          tunnels.stateOf(domain, id)?.connection === 'connected'
            ? knownAssociations({ tunnels }, domain, { id })
            : undefined,
        ),
      );
      for (const metric of [up, changes, bytes, packets]) metric.reset();
      const kept = new Map<string, number>();
      for (const [at, { domain, id }] of current.entries()) {
        const labels = { routing_domain: domain, connection: id };
        up.set(labels, tunnels.stateOf(domain, id)?.connection === 'connected' ? 1 : 0);
        const ref = policyRef.connection(domain, id);
        const count = changed.get(ref) ?? 0;
        kept.set(ref, count);
        changes.inc(labels, count);
        const known = associations[at] ?? [];
        for (const [direction, [bytesField, packetsField]] of Object.entries(DIRECTIONS)) {
          addUp(bytes, { ...labels, direction }, known, bytesField);
          addUp(packets, { ...labels, direction }, known, packetsField);
        }
      }
      // What connections that are gone have counted goes with them.
      changed = kept;
    },
  };
}

function tunnelsOf(policy: Policy): { domain: RoutingDomainId; id: ConnectionId }[] {
  return [...policy.routingDomains.values()].flatMap(({ head, connections }) =>
    [...connections.values()].filter(isRemote).map(({ id }) => ({ domain: head.id, id })),
  );
}

/** Says nothing where no SA has such a figure: 0 would be a claim. */
function addUp(
  counter: Counter,
  labels: Readonly<Record<string, string>>,
  associations: readonly SecurityAssociationReport[],
  field: 'bytesIn' | 'bytesOut' | 'packetsIn' | 'packetsOut',
): void {
  for (const association of associations) {
    const value = association[field];
    if (value !== undefined) counter.inc(labels, value);
  }
}

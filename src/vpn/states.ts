import type { ConnectionId } from '../model/connection.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { TunnelChange, TunnelState, TunnelStates } from './port.js';
import { nextState, sameState, type Observation } from './tunnel-state.js';

/** How all tunnels are, and who wants to know. */
export interface StateBook {
  states(): TunnelStates;
  of(domain: RoutingDomainId, connection: ConnectionId): TunnelState | undefined;
  observe(domain: RoutingDomainId, connection: ConnectionId, observation: Observation): void;
  /** The tunnel is not wanted any more; nobody is told. */
  forget(domain: RoutingDomainId, connection: ConnectionId): void;
  onChange(listener: (change: TunnelChange) => void): () => void;
}

export function createStateBook(now: () => Date): StateBook {
  const domains = new Map<RoutingDomainId, Map<ConnectionId, TunnelState>>();
  const listeners = new Set<(change: TunnelChange) => void>();
  return {
    states() {
      const copy = new Map<RoutingDomainId, ReadonlyMap<ConnectionId, TunnelState>>();
      for (const [domain, known] of domains) copy.set(domain, new Map(known));
      return copy;
    },
    of: (domain, connection) => domains.get(domain)?.get(connection),
    observe(domain, connection, observation) {
      let states = domains.get(domain);
      if (states === undefined)
        domains.set(domain, (states = new Map<ConnectionId, TunnelState>()));
      const before = states.get(connection);
      const state = nextState(before, observation, now());
      if (state === before) return;
      states.set(connection, state);
      if (before !== undefined && sameState(before, state)) return;
      for (const listener of [...listeners])
        listener({ domain, connection, before: before?.phase, state });
    },
    forget(domain, connection) {
      const states = domains.get(domain);
      states?.delete(connection);
      if (states?.size === 0) domains.delete(domain);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

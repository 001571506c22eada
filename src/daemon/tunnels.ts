import type { GatewayEvent } from '../../provider/context.js';
import type { TunnelSource } from '../../provider/tunnels.js';
import type { Environment, UpTunnel } from '../dataplane/compile/environment.js';
import type { ConnectionId } from '../model/connection.js';
import { policyRef } from '../model/policy-ref.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { TunnelChange, TunnelState, TunnelStates, Vpn } from '../vpn/port.js';

/** The tunnels that carry packets, as the compiler has to know them. */
export function upTunnels(states: TunnelStates): Environment['tunnels'] {
  const up = new Map<RoutingDomainId, Map<ConnectionId, UpTunnel>>();
  for (const [domain, connections] of states)
    for (const [id, state] of connections) {
      if (state.phase !== 'connected' || state.device === undefined) continue;
      const { device, peerAddress } = state;
      const ofDomain = up.get(domain) ?? new Map<ConnectionId, UpTunnel>();
      ofDomain.set(id, { device, ...(peerAddress === undefined ? {} : { peerAddress }) });
      up.set(domain, ofDomain);
    }
  return up;
}

/** What the provider API shows of the tunnels. */
export function tunnelSource(vpn: Pick<Vpn, 'states' | 'securityAssociations'>): TunnelSource {
  return {
    stateOf(domain, connection) {
      const state = vpn.states().get(domain)?.get(connection);
      if (state === undefined) return undefined;
      const { phase, since, lastError, peerAddress } = state;
      return {
        connection: phase,
        since,
        ...(lastError === undefined ? {} : { lastError }),
        ...(peerAddress === undefined ? {} : { peerAddress }),
      };
    },
    securityAssociations: (domain, connection) => vpn.securityAssociations(domain, connection),
  };
}

/** The event that tells of a change; undefined where the tunnel only met its peer elsewhere. */
export function tunnelEvent({
  domain,
  connection,
  before,
  state,
}: TunnelChange): GatewayEvent | undefined {
  if (before === state.phase) return undefined;
  const { phase, since } = state;
  return {
    type: 'connection',
    ref: policyRef.connection(domain, connection),
    state: phase,
    since,
    ...failureOf(state),
  };
}

function failureOf({ phase, lastError }: TunnelState): { cause?: string; reason?: string } {
  if (phase === 'connected' || phase === 'connecting' || lastError === undefined) return {};
  return { cause: lastError.cause, reason: lastError.message };
}

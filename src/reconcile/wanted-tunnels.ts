import type { Environment } from '../dataplane/compile/environment.js';
import { externalPlan, type ExternalPlan } from '../dataplane/compile/external-plan.js';
import { subnetPrefixes } from '../dataplane/compile/external-routes.js';
import { tunnelDevice } from '../dataplane/compile/tunnel-device.js';
import type { Scope } from '../dataplane/port.js';
import { isRemote, type ConnectionId } from '../model/connection.js';
import type { Policy } from '../model/policy.js';
import type { RoutingDomain } from '../model/routing-domain.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { TunnelSpec, WantedTunnels } from '../vpn/port.js';

/** The tunnels of each routing domain that has any. */
export function wantedTunnels(
  policy: Policy,
  environment: Environment,
  scope: Scope,
): Map<RoutingDomainId, WantedTunnels> {
  const wanted = new Map<RoutingDomainId, WantedTunnels>();
  // Most domains have none, and the plan is made of the whole policy.
  let plan: ExternalPlan | undefined;
  for (const id of scope === 'all' ? policy.routingDomains.keys() : scope.domains) {
    const domain = policy.routingDomains.get(id);
    if (domain === undefined || ![...domain.connections.values()].some(isRemote)) continue;
    plan ??= externalPlan(policy);
    wanted.set(id, tunnelsOf(domain, environment, plan));
  }
  return wanted;
}

function tunnelsOf(
  domain: RoutingDomain,
  environment: Environment,
  plan: ExternalPlan,
): WantedTunnels {
  const tunnels = new Map<ConnectionId, TunnelSpec>();
  for (const connection of domain.connections.values()) {
    if (!isRemote(connection)) continue;
    const { name, interfaceId } = tunnelDevice(environment.ipsec, connection);
    tunnels.set(connection.id, {
      connection,
      localAddress:
        plan.get(domain.head.id)?.get(connection.id)?.domainAddress ?? connection.sourceAddress,
      device: name,
      ...(interfaceId === undefined ? {} : { interfaceId }),
      customerPrefixes: subnetPrefixes({ domain }),
    });
  }
  return tunnels;
}

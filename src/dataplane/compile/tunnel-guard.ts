import { isRemote, type Connection } from '../../model/connection.js';
import type { RemoteConnection } from '../../model/remote-connection.js';
import { formatPrefix, type Prefix } from '../../net/prefix.js';
import type { OutsideSource, TunnelEndPoint, TunnelGuard } from '../tunnel-guard.js';
import type { DomainView } from './domain-view.js';
import { connectionRoutes, type ExternalPlan } from './external-plan.js';
import { callsServers, fixedPeer, remotePrefixes } from './remote-peer.js';
import { isUnicastRoute, type VirtualRoute } from './virtual-routes.js';

/** Undefined where the routing domain has no remote connection. */
export function tunnelGuard(
  plan: ExternalPlan,
  view: DomainView,
  virtual: readonly VirtualRoute[],
): TunnelGuard | undefined {
  const connections = [...view.domain.connections.values()];
  const remote = connections.filter(isRemote);
  if (remote.length === 0) return undefined;
  return {
    endPoints: remote.flatMap((connection) => endPoint(plan, view, connection)),
    sources: outsideSources(connections, virtual),
  };
}

function endPoint(
  plan: ExternalPlan,
  view: DomainView,
  connection: RemoteConnection,
): TunnelEndPoint[] {
  const address = plan.get(view.id)?.get(connection.id)?.domainAddress;
  if (address === undefined) return [];
  const peer = fixedPeer(connection);
  return [
    {
      type: connection.type,
      address,
      ...(peer === undefined ? {} : { peer }),
      callsServers: callsServers(connection),
    },
  ];
}

/**
 * What a local connection leads to may come in clear, also where a tunnel or the virtual network
 * leads to the very same prefix: it is another way to it.
 */
function outsideSources(
  connections: readonly Connection[],
  virtual: readonly VirtualRoute[],
): OutsideSource[] {
  const sources = new Map<string, OutsideSource>();
  const add = (prefix: Prefix, allowed: boolean): void => {
    const key = formatPrefix(prefix);
    if (allowed || !sources.has(key)) sources.set(key, { prefix, allowed });
  };
  for (const route of virtual)
    // A default route to a VM does not make everything the VM network's own.
    if (isUnicastRoute(route) && route.destinationPrefix.length > 0)
      add(route.destinationPrefix, false);
  for (const connection of connections) {
    if (isRemote(connection)) for (const prefix of remotePrefixes(connection)) add(prefix, false);
    else
      for (const { destinationPrefix } of connectionRoutes(connection))
        add(destinationPrefix, true);
    if (connection.type === 'ikev2')
      for (const prefix of connection.trafficSelectors?.remote ?? []) add(prefix, false);
  }
  return [...sources.values()];
}

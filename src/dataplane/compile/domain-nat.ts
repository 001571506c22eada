import { isRemote } from '../../model/connection.js';
import { formatPrefix } from '../../net/prefix.js';
import type { DomainNat, NatDestination, PortForward } from '../firewall.js';
import type { DomainView } from './domain-view.js';
import { connectionRoutes, type ExternalPlan } from './external-plan.js';

/**
 * NAT of a routing domain (G2). Only what leaves by a NAT connection is translated: for each
 * destination the local connection that wins there decides, a routed one by leaving the packet
 * alone. What goes into a tunnel does not leave by `ext`. Undefined without a NAT connection.
 */
export function domainNat(plan: ExternalPlan, view: DomainView): DomainNat | undefined {
  if (![...view.domain.connections.values()].some(({ type }) => type === 'nat')) return undefined;
  return { destinations: destinations(plan, view), portForwards: portForwards(plan, view) };
}

function destinations(plan: ExternalPlan, view: DomainView): NatDestination[] {
  const best = new Map<string, { metric: number; destination: NatDestination }>();
  for (const connection of view.domain.connections.values()) {
    if (isRemote(connection)) continue;
    const translation = plan.get(view.id)?.get(connection.id)?.domainAddress;
    for (const { destinationPrefix, metric } of connectionRoutes(connection)) {
      const key = formatPrefix(destinationPrefix);
      const rival = best.get(key);
      if (rival !== undefined && rival.metric <= metric) continue;
      const destination = {
        prefix: destinationPrefix,
        ...(translation === undefined ? {} : { translation }),
      };
      best.set(key, { metric, destination });
    }
  }
  return [...best.values()].map(({ destination }) => destination);
}

function portForwards(plan: ExternalPlan, view: DomainView): PortForward[] {
  const forwards: PortForward[] = [];
  for (const connection of view.domain.connections.values()) {
    const domainAddress = plan.get(view.id)?.get(connection.id)?.domainAddress;
    if (connection.type !== 'nat' || domainAddress === undefined) continue;
    for (const { protocol, externalPort, internalAddress, internalPort } of connection.rules)
      forwards.push({
        protocol,
        externalAddress: domainAddress,
        externalPort,
        internalAddress,
        internalPort,
      });
  }
  return forwards;
}

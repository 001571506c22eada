import type {
  ConnectionId,
  NatConnection,
  ConnectionRoute,
  Connection,
} from '../../model/connection.js';
import type { Policy } from '../../model/policy.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import { familyOf, ipKey, type IpAddress } from '../../net/ip.js';
import { prefixFamily } from '../../net/prefix.js';
import { transitAddresses } from './transit.js';

/** How a NAT connection comes by its external address. */
export interface NatPlan {
  /**
   * What the routing domain holds and translates to: the external address itself where no other
   * domain uses it, else a transit address that the gateway translates once more.
   */
  readonly domainAddress: IpAddress;
  readonly shared: boolean;
}

/** The plan of every NAT connection, by routing domain. Domains without one are absent. */
export type ExternalPlan = ReadonlyMap<RoutingDomainId, ReadonlyMap<ConnectionId, NatPlan>>;

/**
 * Whether an address is shared depends on all routing domains together, so this is worked out for
 * the whole policy, whatever part of it is compiled.
 */
export function externalPlan(policy: Policy): ExternalPlan {
  const holders = new Map<IpAddress, Set<RoutingDomainId>>();
  for (const [domain, connection] of natConnections(policy)) {
    const domains = holders.get(connection.externalAddress);
    if (domains === undefined) holders.set(connection.externalAddress, new Set([domain]));
    else domains.add(domain);
  }
  const isShared = (address: IpAddress): boolean => (holders.get(address)?.size ?? 0) > 1;

  const shares = new Map<string, IpAddress>();
  for (const [domain, { externalAddress }] of natConnections(policy))
    if (isShared(externalAddress)) shares.set(shareKey(domain, externalAddress), externalAddress);
  const transits = transitAddresses(shares);

  const plan = new Map<RoutingDomainId, Map<ConnectionId, NatPlan>>();
  for (const [domain, { id, externalAddress }] of natConnections(policy)) {
    const transit = transits.get(shareKey(domain, externalAddress));
    const plans = plan.get(domain) ?? new Map<ConnectionId, NatPlan>();
    plans.set(id, { domainAddress: transit ?? externalAddress, shared: transit !== undefined });
    plan.set(domain, plans);
  }
  return plan;
}

/** The routing domains whose part differs between two plans: a push elsewhere has changed them. */
export function changedDomains(before: ExternalPlan, after: ExternalPlan): Set<RoutingDomainId> {
  const changed = new Set<RoutingDomainId>();
  for (const domain of new Set([...before.keys(), ...after.keys()]))
    if (planText(before, domain) !== planText(after, domain)) changed.add(domain);
  return changed;
}

/** Where the connection leads to; NAT cannot lead to the family that its address is not of. */
export function connectionRoutes(connection: Connection): readonly ConnectionRoute[] {
  if (connection.type === 'routed') return connection.routes;
  const family = familyOf(connection.externalAddress);
  return connection.routes.filter((route) => prefixFamily(route.destinationPrefix) === family);
}

function* natConnections(policy: Policy): Generator<[RoutingDomainId, NatConnection]> {
  for (const [domain, { connections }] of policy.routingDomains)
    for (const connection of connections.values())
      if (connection.type === 'nat') yield [domain, connection];
}

function shareKey(domain: RoutingDomainId, externalAddress: IpAddress): string {
  return `${domain} ${ipKey(externalAddress)}`;
}

function planText(plan: ExternalPlan, domain: RoutingDomainId): string {
  return [...(plan.get(domain) ?? [])]
    .map(([id, { domainAddress, shared }]) => `${id} ${domainAddress} ${shared}`)
    .join('\n');
}

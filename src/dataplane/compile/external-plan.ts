import {
  externalAddressOf,
  type Connection,
  type ConnectionId,
  type ConnectionRoute,
} from '../../model/connection.js';
import type { Policy } from '../../model/policy.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import { familyOf, ipKey, type IpAddress } from '../../net/ip.js';
import { prefixFamily } from '../../net/prefix.js';
import { transitAddresses } from './transit.js';

/** How a connection comes by its external address. */
export interface AddressPlan {
  /**
   * What the routing domain holds, translates to and lets its daemons speak from: the external
   * address itself where no other domain uses it, else a transit address that the gateway
   * translates once more.
   */
  readonly domainAddress: IpAddress;
  readonly shared: boolean;
}

/** The plan of every connection with an external address, by routing domain; other domains are absent. */
export type ExternalPlan = ReadonlyMap<RoutingDomainId, ReadonlyMap<ConnectionId, AddressPlan>>;

/**
 * Whether an address is shared depends on all routing domains together, so this is worked out for
 * the whole policy, whatever part of it is compiled. Connections of one domain share nothing: they
 * use one address side by side.
 */
export function externalPlan(policy: Policy): ExternalPlan {
  const holders = new Map<IpAddress, Set<RoutingDomainId>>();
  for (const { domain, address } of addressUses(policy)) {
    const domains = holders.get(address);
    if (domains === undefined) holders.set(address, new Set([domain]));
    else domains.add(domain);
  }
  const shares = new Map<string, IpAddress>();
  for (const [address, domains] of holders)
    if (domains.size > 1)
      for (const domain of domains) shares.set(shareKey(domain, address), address);
  const transits = transitAddresses(shares);

  const plan = new Map<RoutingDomainId, Map<ConnectionId, AddressPlan>>();
  for (const { domain, connection, address } of addressUses(policy)) {
    const transit = transits.get(shareKey(domain, address));
    const plans = plan.get(domain) ?? new Map<ConnectionId, AddressPlan>();
    plans.set(connection, { domainAddress: transit ?? address, shared: transit !== undefined });
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
  if (connection.type !== 'nat') return connection.routes;
  const family = familyOf(connection.externalAddress);
  return connection.routes.filter((route) => prefixFamily(route.destinationPrefix) === family);
}

interface AddressUse {
  readonly domain: RoutingDomainId;
  readonly connection: ConnectionId;
  readonly address: IpAddress;
}

function* addressUses(policy: Policy): Generator<AddressUse> {
  for (const [domain, { connections }] of policy.routingDomains)
    for (const connection of connections.values()) {
      const address = externalAddressOf(connection);
      if (address !== undefined) yield { domain, connection: connection.id, address };
    }
}

function shareKey(domain: RoutingDomainId, externalAddress: IpAddress): string {
  return `${domain} ${ipKey(externalAddress)}`;
}

function planText(plan: ExternalPlan, domain: RoutingDomainId): string {
  return [...(plan.get(domain) ?? [])]
    .map(([id, { domainAddress, shared }]) => `${id} ${domainAddress} ${shared}`)
    .join('\n');
}

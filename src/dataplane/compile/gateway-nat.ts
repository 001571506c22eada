import type { NatConnection } from '../../model/connection.js';
import type { Policy } from '../../model/policy.js';
import type { RoutingDomain } from '../../model/routing-domain.js';
import type { IpAddress } from '../../net/ip.js';
import type { Prefix } from '../../net/prefix.js';
import type { GatewayNat, SharedAddress } from '../gateway-firewall.js';
import type { Environment } from './environment.js';
import type { ExternalPlan, NatPlan } from './external-plan.js';
import { subnetPrefixes } from './external-routes.js';

/** What the gateway's own namespace has to know of all connections together. */
export function gatewayNat(
  policy: Policy,
  plan: ExternalPlan,
  environment: Environment,
): GatewayNat {
  const externalAddresses: IpAddress[] = [];
  const routedPrefixes: Prefix[] = [];
  const shares: SharedAddress[] = [];
  for (const domain of policy.routingDomains.values()) {
    const connections = [...domain.connections.values()];
    if (connections.some(({ type }) => type === 'routed'))
      routedPrefixes.push(...subnetPrefixes({ domain }));
    const plans = plan.get(domain.head.id);
    if (plans === undefined) continue;
    for (const { shared, domainAddress } of plans.values())
      if (!shared) externalAddresses.push(domainAddress);
    shares.push(...sharesOf(domain, plans));
  }
  return {
    externalGroup: environment.externalGroup,
    underlayDevices: environment.underlay.flatMap(({ device, present }) =>
      present ? [device] : [],
    ),
    externalDevices: environment.external.map(({ device }) => device),
    externalAddresses,
    routedPrefixes,
    shares,
  };
}

/** One share per external address, whatever number of the domain's connections use it. */
function sharesOf(domain: RoutingDomain, plans: ReadonlyMap<string, NatPlan>): SharedAddress[] {
  const byTransit = new Map<IpAddress, NatConnection[]>();
  for (const connection of domain.connections.values()) {
    const natPlan = plans.get(connection.id);
    if (connection.type !== 'nat' || natPlan?.shared !== true) continue;
    const together = byTransit.get(natPlan.domainAddress);
    if (together === undefined) byTransit.set(natPlan.domainAddress, [connection]);
    else together.push(connection);
  }
  return [...byTransit].flatMap(([transitAddress, connections]) => {
    const sharedAddress = connections[0]?.externalAddress;
    if (sharedAddress === undefined) return [];
    const ports = connections.flatMap(({ rules }) =>
      rules.map(({ protocol, externalPort }) => ({ protocol, port: externalPort })),
    );
    return [{ sharedAddress, transitAddress, ports }];
  });
}

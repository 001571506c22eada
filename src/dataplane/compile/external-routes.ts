import { isRemote, type Connection } from '../../model/connection.js';
import { policyRef, type PolicyRef } from '../../model/policy-ref.js';
import { familyOf, type IpAddress, type IpFamily } from '../../net/ip.js';
import {
  formatPrefix,
  hostPrefix,
  prefixContains,
  prefixFamily,
  type Prefix,
} from '../../net/prefix.js';
import type { Device, KernelObject } from '../kernel-object.js';
import type { DomainView } from './domain-view.js';
import type { Environment } from './environment.js';
import { connectionRoutes, type ExternalPlan } from './external-plan.js';
import { kernelMetric } from './metric.js';
import { isUnicastRoute, type VirtualRoute } from './virtual-routes.js';

/**
 * The routes out of a routing domain by its connections, of a remote one while its tunnel is up. A
 * customer route to the same destination competes by its metric; where both are equal the virtual
 * network wins, and of two connections the first.
 */
export function* externalRoutes(
  environment: Pick<Environment, 'tunnels'>,
  plan: ExternalPlan,
  view: DomainView,
  virtual: readonly VirtualRoute[],
): Generator<KernelObject> {
  const key = (prefix: Prefix, metric: number): string => `${formatPrefix(prefix)} ${metric}`;
  const taken = new Set(
    virtual
      .filter(isUnicastRoute)
      .map(({ destinationPrefix, metric }) => key(destinationPrefix, metric)),
  );
  for (const connection of view.domain.connections.values()) {
    const device = wayOut(environment, view, connection);
    if (device === undefined) continue;
    for (const { destinationPrefix, metric } of connectionRoutes(connection)) {
      if (taken.has(key(destinationPrefix, metric))) continue;
      taken.add(key(destinationPrefix, metric));
      const source = sourceAddress(plan, view, connection, prefixFamily(destinationPrefix));
      yield {
        kind: 'route',
        place: view.id,
        destinationPrefix,
        metric: kernelMetric(metric),
        target: { device, ...(source === undefined ? {} : { source }) },
        owner: policyRef.connection(view.id, connection.id),
      };
    }
  }
}

function wayOut(
  { tunnels }: Pick<Environment, 'tunnels'>,
  view: DomainView,
  connection: Connection,
): Device | undefined {
  if (!isRemote(connection)) return { kind: 'domain', device: 'ext' };
  const tunnel = tunnels.get(view.id)?.get(connection.id);
  return tunnel === undefined ? undefined : { kind: 'tunnel', name: tunnel.device };
}

/**
 * What the gateway's namespace sends into the routing domain: the addresses it translates to, and,
 * with a routed connection, the prefixes of its subnets.
 */
export function* gatewayRoutes(
  view: DomainView,
  translations: ReadonlyMap<IpAddress, PolicyRef>,
): Generator<KernelObject> {
  const destinations = new Map<string, readonly [Prefix, PolicyRef]>();
  const add = (prefix: Prefix, owner: PolicyRef): void => {
    const text = formatPrefix(prefix);
    if (!destinations.has(text)) destinations.set(text, [prefix, owner]);
  };
  for (const [address, owner] of translations) add(hostPrefix(address), owner);
  const routed = [...view.domain.connections.values()].find(({ type }) => type === 'routed');
  if (routed !== undefined)
    for (const prefix of subnetPrefixes(view))
      add(prefix, policyRef.connection(view.id, routed.id));

  for (const [destinationPrefix, owner] of destinations.values())
    yield {
      kind: 'route',
      place: 'gateway',
      destinationPrefix,
      metric: kernelMetric(0),
      target: { device: { kind: 'peer', domain: view.id, device: 'ext' } },
      owner,
    };
}

export function subnetPrefixes(view: Pick<DomainView, 'domain'>): Prefix[] {
  return [...view.domain.virtualSubnets.values()].flatMap(({ prefixes }) => prefixes);
}

/** What the routing domain's own ICMP errors come from: an address that the far side can answer. */
function sourceAddress(
  plan: ExternalPlan,
  view: DomainView,
  connection: Connection,
  family: IpFamily,
): IpAddress | undefined {
  if (connection.type === 'nat') {
    const address = plan.get(view.id)?.get(connection.id)?.domainAddress;
    return address !== undefined && familyOf(address) === family ? address : undefined;
  }
  const selectors = connection.type === 'ikev2' ? connection.trafficSelectors?.local : undefined;
  for (const { source } of view.subnets.values()) {
    const address = source[family];
    if (address === undefined) continue;
    if (selectors?.some((prefix) => prefixContains(prefix, address)) ?? true) return address;
  }
  return undefined;
}

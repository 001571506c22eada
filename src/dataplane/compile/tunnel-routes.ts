import { isRemote } from '../../model/connection.js';
import { policyRef, type PolicyRef } from '../../model/policy-ref.js';
import type { RemoteConnection } from '../../model/remote-connection.js';
import { compareIp, familyOf, type IpAddress } from '../../net/ip.js';
import { defaultPrefix, formatPrefix, prefixFamily, type Prefix } from '../../net/prefix.js';
import type { Device, KernelObject, Route, RoutingRule } from '../kernel-object.js';
import type { DomainView } from './domain-view.js';
import type { ExternalPlan } from './external-plan.js';
import { subnetPrefixes } from './external-routes.js';
import { kernelMetric, LAST_RESORT_METRIC } from './metric.js';
import { callsServers, remotePrefixes } from './remote-peer.js';

/**
 * What a routing domain with remote connections has besides the routes into its tunnels, whether
 * they are up or not: nothing meant for a tunnel takes another way, and the tunnels' own packets
 * never take a tunnel.
 */
export function* tunnelRoutes(plan: ExternalPlan, view: DomainView): Generator<KernelObject> {
  const remote = [...view.domain.connections.values()].filter(isRemote);
  if (remote.length === 0) return;
  yield* deadEnds(view, remote);
  yield* ownWay(plan, view, remote);
}

/**
 * While no tunnel leads to a prefix, and no other connection does, it is unreachable: a default
 * route would send it to the outside. Every other destination has an end as well, for the routing
 * table that strongSwan keeps behind the main one leads into the tunnels.
 */
function* deadEnds(view: DomainView, remote: readonly RemoteConnection[]): Generator<KernelObject> {
  const ends = new Map<string, readonly [Prefix, PolicyRef]>();
  for (const connection of remote)
    for (const prefix of remotePrefixes(connection)) {
      const key = formatPrefix(prefix);
      if (!ends.has(key)) ends.set(key, [prefix, policyRef.connection(view.id, connection.id)]);
    }
  for (const family of [4, 6] as const) {
    const key = formatPrefix(defaultPrefix(family));
    if (!ends.has(key)) ends.set(key, [defaultPrefix(family), view.owner]);
  }
  for (const [destinationPrefix, owner] of ends.values())
    yield {
      kind: 'route',
      place: view.id,
      destinationPrefix,
      metric: LAST_RESORT_METRIC,
      target: 'unreachable',
      owner,
    };
}

/**
 * What the daemons send leaves by `ext`; only what answers the virtual network goes there. Where
 * they also call servers, for the validity of certificates or by PPTP, they do not say from which
 * address.
 */
function* ownWay(
  plan: ExternalPlan,
  view: DomainView,
  remote: readonly RemoteConnection[],
): Generator<KernelObject> {
  const sources = new Map<IpAddress, PolicyRef>();
  for (const { id } of remote) {
    const address = plan.get(view.id)?.get(id)?.domainAddress;
    if (address !== undefined && !sources.has(address))
      sources.set(address, policyRef.connection(view.id, id));
  }
  const families = new Set([...sources.keys()].map(familyOf));
  const route = (destinationPrefix: Prefix, target: Route['target']): KernelObject => ({
    kind: 'route',
    place: view.id,
    table: 'external',
    destinationPrefix,
    metric: kernelMetric(0),
    target,
    owner: view.owner,
  });
  for (const family of families) {
    // Of several the first by value: the order of a policy is no reason for another one.
    const [source] = [...sources.keys()]
      .filter((each) => familyOf(each) === family)
      .sort(compareIp);
    const device: Device = { kind: 'domain', device: 'ext' };
    yield route(defaultPrefix(family), { device, ...(source === undefined ? {} : { source }) });
  }
  for (const prefix of subnetPrefixes(view))
    if (families.has(prefixFamily(prefix))) yield route(prefix, 'throw');
  const rule = (packets: RoutingRule['packets'], owner: PolicyRef): KernelObject => {
    return { kind: 'rule', domain: view.id, packets, owner };
  };
  for (const [source, owner] of sources) yield rule({ source }, owner);
  if (!remote.some(callsServers)) return;
  for (const family of families)
    for (const service of ['tcp', 'dns'] as const) yield rule({ service, family }, view.owner);
}

import { policyRef } from '../../model/policy-ref.js';
import { isRemote } from '../../model/connection.js';
import type { RoutingDomain } from '../../model/routing-domain.js';
import type { ShortWay } from '../../model/forwarding-table.js';
import { formatPrefix, prefixContains, prefixFamily, type Prefix } from '../../net/prefix.js';
import type { KernelObject } from '../kernel-object.js';
import type { DomainView } from './domain-view.js';
import { externalDevice, innerMtu, type Environment } from './environment.js';
import { connectionRoutes } from './external-plan.js';
import { subnetPrefixes } from './external-routes.js';
import { routeLimit } from './path-limit.js';
import { isUnicastRoute, type VirtualRoute } from './virtual-routes.js';

type WayEnvironment = Pick<Environment, 'underlay' | 'external' | 'pathMtus' | 'shortWay'>;

/**
 * The way past the kernel, for a routing domain of which the packet path can tell what its namespace
 * would do: forward between `vnet` and one external device, by routes that its tables have as well.
 * Undefined where more happens there, or where the tables would have to weigh routes of the virtual
 * network against those of connections.
 */
export function shortWay(
  environment: WayEnvironment,
  view: DomainView,
  virtual: readonly VirtualRoute[],
): ShortWay | undefined {
  const external = onlyRoutedBy(environment, view.domain);
  if (external === undefined) return undefined;
  const unicast = virtual.filter(isUnicastRoute);
  const outward = externalPrefixes(view);
  if (outward.some((prefix) => unicast.some((route) => holds(route.destinationPrefix, prefix))))
    return undefined;
  // A wildcard's path limit counts for all VMs of its subnet (`routeLimit`), the packet path has only their own.
  const isLimited = unicast.some(
    ({ target, destinationPrefix }) =>
      routeLimit(environment, target, prefixFamily(destinationPrefix)) !== undefined,
  );
  // From outside nobody may speak in the gateway's name: the gateway's route to it tells.
  const exported = subnetPrefixes(view);
  const isHidden = [...view.local.keys()].some(
    (address) => !exported.some((prefix) => prefixContains(prefix, address)),
  );
  return isLimited || isHidden ? undefined : { external, maxLength: innerMtu(environment) };
}

/** The external device of a routing domain whose connections route and do nothing else. */
function onlyRoutedBy(
  environment: Pick<Environment, 'external' | 'shortWay'>,
  domain: Pick<RoutingDomain, 'connections'>,
): string | undefined {
  const isRouting = [...domain.connections.values()].every(
    ({ type, tcpMssClamping }) => type === 'routed' && tcpMssClamping === undefined,
  );
  return isRouting ? externalSide(environment, domain) : undefined;
}

/**
 * The external device of a routing domain whose packets may go past the gateway's own kernel, which
 * only routes them. Undefined where tunnels end in the domain.
 */
export function externalSide(
  environment: Pick<Environment, 'external' | 'shortWay'>,
  { connections }: Pick<RoutingDomain, 'connections'>,
): string | undefined {
  if (!environment.shortWay) return undefined;
  const names = new Set<string | undefined>();
  for (const connection of connections.values()) {
    if (isRemote(connection)) return undefined;
    names.add(externalDevice(environment, connection));
  }
  const [name] = names;
  const device = environment.external.find((each) => each.name === name);
  return names.size === 1 && device?.present === true ? name : undefined;
}

/** What leads out, as the packet path reads it; nothing where the routing domain has no short way. */
export function* shortWayRoutes(
  environment: WayEnvironment,
  view: DomainView,
  virtual: readonly VirtualRoute[],
): Generator<KernelObject> {
  if (shortWay(environment, view, virtual) === undefined) return;
  const taken = new Set<string>();
  for (const connection of view.domain.connections.values())
    for (const { destinationPrefix } of connectionRoutes(connection)) {
      const key = formatPrefix(destinationPrefix);
      if (taken.has(key)) continue;
      taken.add(key);
      yield {
        kind: 'customerRoute',
        entry: { routingDomain: view.id, destinationPrefix, target: { kind: 'external' } },
        owner: policyRef.connection(view.id, connection.id),
      };
    }
}

function externalPrefixes(view: DomainView): Prefix[] {
  return [...view.domain.connections.values()].flatMap((connection) =>
    connectionRoutes(connection).map(({ destinationPrefix }) => destinationPrefix),
  );
}

/** Whether all of `inner` is in `outer`. */
function holds(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && prefixContains(outer, inner.address);
}

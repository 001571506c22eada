import { addressBits } from '../../net/ip.js';
import { prefixFamily } from '../../net/prefix.js';
import type { KernelObject } from '../kernel-object.js';
import type { DomainView } from './domain-view.js';
import { innerMtu, type Environment } from './environment.js';
import { routeLimit } from './path-limit.js';
import { kernelMetric } from './metric.js';
import { domainSysctls } from './sysctl.js';
import { isUnicastRoute, type VirtualRoute } from './virtual-routes.js';

/** The namespace of a routing domain and its side of the virtual network. */
export function* domainNetwork(
  environment: Environment,
  view: DomainView,
  routes: readonly VirtualRoute[],
): Generator<KernelObject> {
  const { id, owner } = view;
  yield { kind: 'namespace', domain: id, owner };
  yield { kind: 'link', domain: id, device: 'vnet', mtu: innerMtu(environment), owner };
  for (const scope of ['domain', 'vnet'] as const)
    for (const sysctl of domainSysctls(scope, id)) yield { ...sysctl, owner };

  // Host addresses: what the subnet reaches is said by the routes, which the policy may weigh.
  for (const local of view.local.values())
    yield {
      kind: 'address',
      place: id,
      device: { kind: 'domain', device: 'vnet' },
      address: local.customerAddress,
      prefixLength: addressBits(local.customerAddress),
      owner: local.owner,
    };
  yield* virtualNetworkRoutes(environment, view, routes);
  yield {
    kind: 'filter',
    device: { kind: 'peer', domain: id, device: 'vnet' },
    program: 'encap',
    owner,
  };
}

function* virtualNetworkRoutes(
  environment: Environment,
  view: DomainView,
  routes: readonly VirtualRoute[],
): Generator<KernelObject> {
  for (const route of routes) {
    if (!isUnicastRoute(route)) continue;
    const { destinationPrefix, metric, owner } = route;
    // ICMP errors to a VM must come from its own subnet's gateway, or it will not believe them.
    const subnet = view.subnets.get(route.target.vsid);
    const family = prefixFamily(destinationPrefix);
    const source = subnet?.source[family];
    const mtu = routeLimit(environment, route.target, family);
    yield {
      kind: 'route',
      place: view.id,
      destinationPrefix,
      metric: kernelMetric(metric),
      target: {
        device: { kind: 'domain', device: 'vnet' },
        ...(source === undefined ? {} : { source }),
        ...(mtu === undefined ? {} : { mtu }),
      },
      owner,
    };
  }
}

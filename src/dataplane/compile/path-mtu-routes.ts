import { policyRef } from '../../model/policy-ref.js';
import { familyOf } from '../../net/ip.js';
import { hostPrefix } from '../../net/prefix.js';
import type { KernelObject } from '../kernel-object.js';
import type { DomainView } from './domain-view.js';
import { pathLimit, type PathEnvironment } from './path-limit.js';
import { destinationTable, isOnLink } from './destinations.js';
import { bestRoutes, type VirtualRoute } from './virtual-routes.js';

/** Before every route of the policy, whose metrics begin at 1 (`kernelMetric`). */
const METRIC = 0;

/**
 * A host route for each VM behind a provider address to which the way carries less than the
 * underlay devices do: its MTU makes the kernel answer whoever sends a longer packet, with ICMP or
 * ICMPv6, through address translation as well (N9). Only for records that are on link: what the
 * policy routes another way keeps that way.
 */
export function* pathMtuRoutes(
  environment: PathEnvironment,
  view: DomainView,
  routes: readonly VirtualRoute[],
): Generator<KernelObject> {
  if (![...view.providerPeers].some((peer) => environment.pathMtus.has(peer))) return;
  const destinations = destinationTable(view, bestRoutes(routes));
  for (const record of view.remote) {
    const family = familyOf(record.customerAddress);
    const mtu = pathLimit(environment, record.providerAddress, family);
    if (mtu === undefined || view.local.has(record.customerAddress)) continue;
    if (!isOnLink(destinations, record)) continue;
    // ICMP errors to the VM itself still come from its subnet's gateway.
    const source = view.subnets.get(record.vsid)?.source[family];
    yield {
      kind: 'route',
      place: view.id,
      destinationPrefix: hostPrefix(record.customerAddress),
      metric: METRIC,
      target: {
        device: { kind: 'domain', device: 'vnet' },
        ...(source === undefined ? {} : { source }),
        mtu,
      },
      owner: policyRef.lookupRecord(view.id, record),
    };
  }
}

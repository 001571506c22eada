import type { Policy } from '../model/policy.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { OpenPolicy } from './open-policy.js';
import { createPace, type Pace, type Steps } from './steps.js';

/**
 * Gives the objects of a policy the order that they have in an equal one: what an undo has put back
 * stands behind all others.
 * @param domains the routing domains that may have another order inside
 */
export function* takeOrder(
  policy: OpenPolicy,
  like: Policy,
  domains: Iterable<RoutingDomainId>,
): Steps {
  const isTime = createPace();
  yield* order(policy.providerRoutes, like.providerRoutes, isTime);
  yield* order(policy.routingDomains, like.routingDomains, isTime);
  for (const id of domains) {
    const [own, other] = [policy.routingDomains.get(id), like.routingDomains.get(id)];
    if (own === undefined || other === undefined) continue;
    yield* order(own.virtualSubnets, other.virtualSubnets, isTime);
    yield* order(own.lookupRecords, other.lookupRecords, isTime);
    yield* order(own.customerRoutes, other.customerRoutes, isTime);
    yield* order(own.connections, other.connections, isTime);
  }
}

function* order<Key, Value>(
  map: Map<Key, Value>,
  like: ReadonlyMap<Key, unknown>,
  isTime: Pace,
): Steps {
  const own = map.keys();
  let differs = false;
  for (const key of like.keys()) {
    if (isTime()) yield;
    differs ||= own.next().value !== key;
    if (differs) break;
  }
  if (!differs) return;
  for (const key of like.keys()) {
    const value = map.get(key);
    if (value === undefined) continue;
    map.delete(key);
    map.set(key, value);
    if (isTime()) yield;
  }
}

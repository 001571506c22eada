import type { Policy } from '../model/policy.js';
import type { ProviderAddressRecord } from '../model/provider-address.js';
import type { ProviderAddress } from '../model/addresses.js';
import type { RoutingDomain } from '../model/routing-domain.js';
import type { Change, DomainChange } from './change.js';
import { sameValue } from './same-value.js';

/** The changes that turn `before` into `after`: none for objects that say the same in both. */
export function diffPolicies(before: Policy, after: Policy): Change[] {
  const changes: Change[] = [];
  for (const change of providerAddressChanges(before, after)) changes.push(change);
  for (const key of keysGone(before.providerRoutes, after.providerRoutes))
    changes.push({ op: 'delete', kind: 'providerRoute', key });
  for (const value of valuesNew(before.providerRoutes, after.providerRoutes, sameValue))
    changes.push({ op: 'upsert', kind: 'providerRoute', value });
  for (const key of keysGone(before.routingDomains, after.routingDomains))
    changes.push({ op: 'delete', kind: 'routingDomain', key });
  for (const [id, domain] of after.routingDomains) {
    const old = before.routingDomains.get(id);
    if (old === undefined) changes.push({ op: 'upsert', kind: 'routingDomain', value: domain });
    else for (const change of domainChanges(old, domain, sameValue)) changes.push(change);
  }
  return changes;
}

/** The changes inside one routing domain; `same` says which objects may stay as they are. */
export function* domainChanges(
  before: RoutingDomain,
  after: RoutingDomain,
  same: (a: unknown, b: unknown) => boolean,
): Generator<Change> {
  const routingDomain = after.head.id;
  if (!same(before.head, after.head))
    yield { op: 'upsert', kind: 'routingDomainHead', value: after.head };
  yield* partChanges('virtualSubnet', before.virtualSubnets, after.virtualSubnets);
  yield* partChanges('lookupRecord', before.lookupRecords, after.lookupRecords);
  yield* partChanges('customerRoute', before.customerRoutes, after.customerRoutes);
  yield* partChanges('connection', before.connections, after.connections);

  function* partChanges<Kind extends DomainChange['kind']>(
    kind: Kind,
    old: ReadonlyMap<KeyOf<Kind>, ValueOf<Kind>>,
    now: ReadonlyMap<KeyOf<Kind>, ValueOf<Kind>>,
  ): Generator<Change> {
    // The compiler cannot see that kind, key and value of one call belong together.
    for (const key of keysGone(old, now))
      yield { op: 'delete', kind, routingDomain, key } as unknown as DomainChange;
    for (const value of valuesNew(old, now, same))
      yield { op: 'upsert', kind, routingDomain, value } as unknown as DomainChange;
  }
}

type KeyOf<Kind> = Extract<DomainChange, { kind: Kind; op: 'delete' }>['key'];
type ValueOf<Kind> = Extract<DomainChange, { kind: Kind; op: 'upsert' }>['value'];

/**
 * Provider addresses have an order: the first one serves routing domains that name none. From the
 * first place where the order differs, all are taken out and put in again.
 */
function* providerAddressChanges(before: Policy, after: Policy): Generator<Change> {
  const wanted = [...after.providerAddresses.values()];
  let inOrder = 0;
  for (const address of before.providerAddresses.keys()) {
    if (wanted[inOrder]?.address !== address) break;
    inOrder += 1;
  }
  for (const key of [...before.providerAddresses.keys()].slice(inOrder))
    yield { op: 'delete', kind: 'providerAddress', key };
  const kept = new Map<ProviderAddress, ProviderAddressRecord>(
    [...before.providerAddresses].slice(0, inOrder),
  );
  for (const value of valuesNew(kept, after.providerAddresses, sameValue))
    yield { op: 'upsert', kind: 'providerAddress', value };
}

function* keysGone<Key>(
  before: ReadonlyMap<Key, unknown>,
  after: ReadonlyMap<Key, unknown>,
): Generator<Key> {
  for (const key of before.keys()) if (!after.has(key)) yield key;
}

function* valuesNew<Key, Value>(
  before: ReadonlyMap<Key, Value>,
  after: ReadonlyMap<Key, Value>,
  same: (a: unknown, b: unknown) => boolean,
): Generator<Value> {
  for (const [key, value] of after) if (!same(before.get(key), value)) yield value;
}

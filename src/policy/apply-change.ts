import { customerRouteKey } from '../model/customer-route.js';
import {
  isDistributedGateway,
  isWildcard,
  lookupRecordKey,
  type LookupRecord,
} from '../model/lookup-record.js';
import { providerRouteKey } from '../model/provider-route.js';
import type { RoutingDomainHead } from '../model/routing-domain.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { Change, DomainChange } from './change.js';
import { domainChanges } from './diff.js';
import type { Edits, PutOutcome, TouchedPart } from './journal.js';
import type { SecretKeeper } from './kept-secrets.js';
import { emptyDomain, openDomain, type OpenDomain, type OpenPolicy } from './open-policy.js';
import type { IndexKeeper } from './policy-index.js';
import { sameValue } from './same-value.js';

/** Where a change is applied. */
export interface ChangeTarget {
  readonly policy: OpenPolicy;
  readonly keeper: IndexKeeper;
  readonly journal: Edits;
  readonly secrets: SecretKeeper;
}

const NOTHING_THERE =
  'There is nothing of that name to delete; read the policy to see what is there.';

/** Applies one change. Says what is missing when it cannot be applied for want of it. */
export function applyChange(target: ChangeTarget, change: Change): string | undefined {
  const { policy, journal } = target;
  switch (change.kind) {
    case 'providerAddress':
      return applyProviderAddress(target, change);
    case 'providerRoute': {
      const [key, route] = entryOf(change, providerRouteKey);
      const outcome = journal.put(policy.providerRoutes, key, route, () => undefined);
      return settle(journal, change, outcome, 'providerRoutes');
    }
    case 'routingDomain':
      return applyRoutingDomain(target, change);
    case 'routingDomainHead':
      applyHead(target, change.value);
      return undefined;
    case 'virtualSubnet':
    case 'lookupRecord':
    case 'customerRoute':
    case 'connection': {
      const domain = policy.routingDomains.get(change.routingDomain);
      return domain === undefined
        ? `Routing domain ${change.routingDomain} does not exist; push it first.`
        : applyDomainChange(target, domain, change);
    }
  }
}

function applyProviderAddress(
  { policy, journal }: ChangeTarget,
  change: Extract<Change, { kind: 'providerAddress' }>,
): string | undefined {
  const [key, record] = entryOf(change, (value) => value.address);
  const before = policy.providerAddresses;
  if (record === undefined && !before.has(key)) return NOTHING_THERE;
  const after = new Map(before);
  if (record === undefined) after.delete(key);
  else after.set(key, record);
  journal.perform(
    () => (policy.providerAddresses = after),
    () => (policy.providerAddresses = before),
  );
  journal.note(change, sameValue(before.get(key), record) ? undefined : 'providerAddresses');
  return undefined;
}

function applyRoutingDomain(
  target: ChangeTarget,
  change: Extract<Change, { kind: 'routingDomain' }>,
): string | undefined {
  const { policy, keeper, journal, secrets } = target;
  const [id, value] = entryOf(change, (domain) => domain.head.id);
  const before = policy.routingDomains.get(id);
  if (before !== undefined && value !== undefined) {
    // Object by object, so that what says the same is neither touched nor stored again.
    for (const part of domainChanges(before, value, Object.is)) applyChange(target, part);
    return undefined;
  }
  const after = value === undefined ? undefined : openDomain(value);
  // A domain that was not there has no secrets to fill in: this only tells which are missing.
  for (const connection of value?.connections.values() ?? []) secrets.fill(connection, undefined);
  const outcome = journal.put(policy.routingDomains, id, after, (domain, step) =>
    keeper.routingDomain(domain, step),
  );
  return settle(journal, change, outcome, { domain: id });
}

/** Makes an empty routing domain where there is none. */
function applyHead(target: ChangeTarget, head: RoutingDomainHead): void {
  const domain = target.policy.routingDomains.get(head.id);
  if (domain === undefined) {
    applyChange(target, { op: 'upsert', kind: 'routingDomain', value: emptyDomain(head) });
    return;
  }
  const before = domain.head;
  target.journal.perform(
    () => (domain.head = head),
    () => (domain.head = before),
  );
  target.journal.note(
    { op: 'upsert', kind: 'routingDomainHead', value: head },
    sameValue(before, head) ? undefined : { domain: head.id },
  );
}

function applyDomainChange(
  { policy, keeper, journal, secrets }: ChangeTarget,
  domain: OpenDomain,
  change: DomainChange,
): string | undefined {
  const id = domain.head.id;
  switch (change.kind) {
    case 'virtualSubnet': {
      const [key, subnet] = entryOf(change, (value) => value.vsid);
      const outcome = journal.put(domain.virtualSubnets, key, subnet, (value, step) =>
        keeper.virtualSubnet(id, value, step),
      );
      return settle(journal, change, outcome, { domain: id });
    }
    case 'lookupRecord': {
      const [key, record] = entryOf(change, (value) =>
        lookupRecordKey(value.vsid, value.customerAddress),
      );
      const before = domain.lookupRecords.get(key);
      const outcome = journal.put(domain.lookupRecords, key, record, (value, step) =>
        keeper.lookupRecord(id, value, step),
      );
      if (outcome !== 'differs') return settle(journal, change, outcome, { domain: id });
      const setsGateway = isGateway(before) || isGateway(record);
      const alone =
        standsAlone(policy, keeper, id, before) && standsAlone(policy, keeper, id, record);
      return settle(
        journal,
        change,
        outcome,
        setsGateway
          ? { domain: id }
          : { domain: id, record: { key, before, after: record, alone } },
      );
    }
    case 'customerRoute': {
      const [key, route] = entryOf(change, customerRouteKey);
      const outcome = journal.put(domain.customerRoutes, key, route, (value, step) =>
        keeper.customerRoute(id, value, step),
      );
      return settle(journal, change, outcome, { domain: id });
    }
    case 'connection': {
      const filled = withSecrets(change, domain, secrets);
      const [key, connection] = entryOf(filled, (value) => value.id);
      const outcome = journal.put(domain.connections, key, connection, (value, step) =>
        keeper.connection(id, value, step),
      );
      return settle(journal, filled, outcome, { domain: id });
    }
  }
}

function isGateway(record: LookupRecord | undefined): boolean {
  return record !== undefined && isDistributedGateway(record);
}

/** No address of the gateway, no wildcard, no router: nobody but the packet path asks for it. */
function standsAlone(
  { providerAddresses }: OpenPolicy,
  { index }: IndexKeeper,
  domain: RoutingDomainId,
  record: LookupRecord | undefined,
): boolean {
  return (
    record === undefined ||
    (record.rule === 'encap' &&
      !isWildcard(record) &&
      !providerAddresses.has(record.providerAddress) &&
      index.domains.get(domain)?.nextHops.has(record.customerAddress) !== true)
  );
}

function withSecrets(
  change: Extract<DomainChange, { kind: 'connection' }>,
  { connections }: OpenDomain,
  secrets: SecretKeeper,
): typeof change {
  if (change.op === 'delete') return change;
  const value = secrets.fill(change.value, connections.get(change.value.id));
  return { ...change, value };
}

function entryOf<Key, Value>(
  change: { op: 'upsert'; value: Value } | { op: 'delete'; key: Key },
  keyOf: (value: Value) => Key,
): [Key, Value | undefined] {
  return change.op === 'upsert' ? [keyOf(change.value), change.value] : [change.key, undefined];
}

function settle(
  journal: Edits,
  change: Change,
  outcome: PutOutcome,
  part: TouchedPart,
): string | undefined {
  if (outcome === 'missing') return NOTHING_THERE;
  journal.note(change, outcome === 'differs' ? part : undefined);
  return undefined;
}

import { formatPolicy } from '../../provider/translate/index.js';
import type { PolicyDocument, RoutingDomainDocument } from '../../provider/schemas.js';
import type { Policy } from '../model/policy.js';
import {
  CONNECTIONS,
  CUSTOMER_ROUTES,
  LOOKUP_RECORDS,
  PROVIDER_ADDRESSES,
  PROVIDER_ROUTES,
  ROUTING_DOMAINS,
  VIRTUAL_SUBNETS,
  type Noun,
} from './nouns.js';
import { UNNAMED_DEVICE } from './policy-file.js';

/** One object that two policies do not have alike. */
export interface Difference {
  readonly change: 'add' | 'remove' | 'change';
  readonly noun: string;
  readonly id: string;
  readonly routingDomain?: string;
  readonly before?: object;
  readonly after?: object;
}

/**
 * What has to change for `before` to become `after`: objects by noun, compared by what they mean
 * and not by how they are written. Both were read with `UNNAMED_DEVICES`.
 */
export function differences(before: Policy, after: Policy): Difference[] {
  const old = placedObjects(formatPolicy(before));
  const wanted = placedObjects(formatPolicy(after));
  const found: Difference[] = [];
  for (const [key, { value, ...place }] of old) {
    const now = wanted.get(key);
    if (now === undefined) found.push({ change: 'remove', ...place, before: value });
    else if (changedFields(value, now.value).length > 0)
      found.push({ change: 'change', ...place, before: value, after: now.value });
  }
  for (const [key, { value, ...place }] of wanted)
    if (!old.has(key)) found.push({ change: 'add', ...place, after: value });
  return found;
}

/** Names of the fields that say something else. A device that is not named differs from none. */
export function changedFields(before: object, after: object): string[] {
  const old: Partial<Record<string, unknown>> = { ...before };
  const now: Partial<Record<string, unknown>> = { ...after };
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((field) => {
    if (field === 'interface' && isUnnamed(old[field], now[field])) return false;
    return JSON.stringify(old[field]) !== JSON.stringify(now[field]);
  });
}

function isUnnamed(...names: readonly unknown[]): boolean {
  return names.some((name) => name === undefined || name === UNNAMED_DEVICE);
}

interface PlacedObject {
  readonly noun: string;
  readonly id: string;
  readonly routingDomain?: string;
  readonly value: object;
}

function placedObjects(document: PolicyDocument): Map<string, PlacedObject> {
  const placed = new Map<string, PlacedObject>();
  const add = <Document extends object>(
    noun: Noun<Document>,
    values: readonly Document[] | undefined,
    routingDomain?: string,
  ) => {
    for (const value of values ?? []) {
      const id = noun.idOf(value);
      placed.set(`${routingDomain ?? ''} ${noun.name} ${id}`, {
        noun: noun.name,
        id,
        ...(routingDomain === undefined ? {} : { routingDomain }),
        value,
      });
    }
  };
  add(PROVIDER_ADDRESSES, document.providerAddresses);
  add(PROVIDER_ROUTES, document.providerRoutes);
  for (const domain of document.routingDomains ?? []) {
    add(ROUTING_DOMAINS, [headOf(domain)]);
    add(VIRTUAL_SUBNETS, domain.virtualSubnets, domain.id);
    add(LOOKUP_RECORDS, domain.lookupRecords, domain.id);
    add(CUSTOMER_ROUTES, domain.customerRoutes, domain.id);
    add(CONNECTIONS, domain.connections, domain.id);
  }
  return placed;
}

function headOf({ id, name, providerAddress }: RoutingDomainDocument): RoutingDomainDocument {
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(providerAddress === undefined ? {} : { providerAddress }),
  };
}

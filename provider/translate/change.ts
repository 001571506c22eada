import { Type } from 'typebox';
import type { Problem } from '../../src/errors.js';
import { customerRouteKey } from '../../src/model/customer-route.js';
import { lookupRecordKey } from '../../src/model/lookup-record.js';
import { providerRouteKey } from '../../src/model/provider-route.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import type { Change } from '../../src/policy/change.js';
import { CHANGE_KINDS, type ChangeKind } from '../change-schemas.js';
import { connectionReader, readConnectionIdentity } from './connection.js';
import { readCustomerRoute, readCustomerRouteIdentity } from './customer-route.js';
import { readLookupRecord, readLookupRecordIdentity } from './lookup-record.js';
import { providerAddressReader, readProviderAddressIdentity } from './provider-address.js';
import { readProviderRoute, readProviderRouteIdentity } from './provider-route.js';
import { prefixPaths, readText, type Devices, type NounReader, type Reading } from './reading.js';
import { carriesLists, readRoutingDomain, readRoutingDomainIdentity } from './routing-domain.js';
import { isObject, shapeCheck } from './shape.js';
import { readVirtualSubnet, readVirtualSubnetIdentity } from './virtual-subnet.js';

const closed = { additionalProperties: false } as const;
const common = {
  op: Type.Enum(['upsert', 'delete']),
  kind: Type.Enum([...CHANGE_KINDS]),
  value: Type.Unknown(),
} as const;

const hasGatewayShape = shapeCheck(Type.Object(common, closed));
const hasDomainShape = shapeCheck(
  Type.Object(
    {
      ...common,
      routingDomainId: Type.String({ examples: ['11111111-2222-3333-4444-000000005001'] }),
    },
    closed,
  ),
);

/** The kinds that live in a routing domain. */
export type DomainKind = Exclude<ChangeKind, 'providerAddress' | 'providerRoute' | 'routingDomain'>;

export function isDomainKind(kind: ChangeKind): kind is DomainKind {
  return kind !== 'providerAddress' && kind !== 'providerRoute' && kind !== 'routingDomain';
}

/**
 * Reads one change of a PATCH. Paths of problems are relative to it.
 *
 * @param pointer JSON pointer of the change in the document, for the objects that it holds
 */
export function translateChange(
  reading: Reading,
  pointer: string,
  document: unknown,
  devices: Devices,
): Change | undefined {
  const { problems } = reading;
  const before = problems.length;
  const kind = kindOf(document);
  if (kind !== undefined && isDomainKind(kind)) hasDomainShape(document, problems);
  else hasGatewayShape(document, problems);
  if (kind === undefined || !isObject(document)) return undefined;
  const { op, value, routingDomainId }: Partial<Record<string, unknown>> = document;
  const routingDomain = isDomainKind(kind)
    ? readText(problems, '/routingDomainId', RoutingDomainId, routingDomainId)
    : undefined;
  if (value === undefined || (op !== 'upsert' && op !== 'delete')) return undefined;
  const readAt = problems.length;
  const part =
    op === 'upsert'
      ? translateUpsert(reading, `${pointer}/value`, kind, value, devices)
      : translateDeletion(kind, value, problems);
  prefixPaths(problems, readAt, '/value');
  if (part === undefined || problems.length > before) return undefined;
  return inDomain(part, routingDomain);
}

/** A change that does not say yet in which routing domain. */
export interface PartialChange {
  readonly op: Change['op'];
  readonly kind: Change['kind'];
  readonly value?: object;
  readonly key?: string | number;
}

/** @param routingDomain given exactly for the kinds that live in one */
export function inDomain(part: PartialChange, routingDomain: RoutingDomainId | undefined): Change {
  return (routingDomain === undefined ? part : { ...part, routingDomain }) as Change;
}

/** Reads the object of an upsert. Paths of problems are relative to it. */
export function translateUpsert(
  reading: Reading,
  pointer: string,
  kind: ChangeKind,
  document: unknown,
  devices: Devices,
): PartialChange | undefined {
  if (kind === 'routingDomain') return translateDomain(reading, pointer, document, devices);
  const value = valueReader(kind, devices)(document, reading.problems);
  return value && { op: 'upsert', kind, value };
}

/** Reads the key fields of a deletion. Paths of problems are relative to them. */
export function translateDeletion(
  kind: ChangeKind,
  document: unknown,
  problems: Problem[],
): PartialChange | undefined {
  const key = readKey(kind, document, problems);
  return key === undefined ? undefined : { op: 'delete', kind, key };
}

/**
 * An upsert replaces the domain with all it holds when the document carries any of its lists,
 * else only what the domain says of itself: so that naming a domain anew needs no 10^6 records.
 */
function translateDomain(
  reading: Reading,
  pointer: string,
  document: unknown,
  devices: Devices,
): PartialChange | undefined {
  const domain = readRoutingDomain(reading, pointer, document, devices);
  if (domain === undefined) return undefined;
  return carriesLists(document)
    ? { op: 'upsert', kind: 'routingDomain', value: domain }
    : { op: 'upsert', kind: 'routingDomainHead', value: domain.head };
}

function valueReader(
  kind: Exclude<ChangeKind, 'routingDomain'>,
  devices: Devices,
): NounReader<object> {
  switch (kind) {
    case 'providerAddress':
      return providerAddressReader(devices.underlay[0] ?? 'underlay');
    case 'providerRoute':
      return readProviderRoute;
    case 'virtualSubnet':
      return readVirtualSubnet;
    case 'lookupRecord':
      return readLookupRecord;
    case 'customerRoute':
      return readCustomerRoute;
    case 'connection':
      return connectionReader(devices.external[0]);
  }
}

function readKey(
  kind: ChangeKind,
  document: unknown,
  problems: Problem[],
): string | number | undefined {
  switch (kind) {
    case 'providerAddress':
      return readProviderAddressIdentity(document, problems)?.address;
    case 'providerRoute':
      return keyIf(readProviderRouteIdentity(document, problems), providerRouteKey);
    case 'routingDomain':
      return readRoutingDomainIdentity(document, problems)?.head.id;
    case 'virtualSubnet':
      return readVirtualSubnetIdentity(document, problems)?.vsid;
    case 'lookupRecord':
      return keyIf(readLookupRecordIdentity(document, problems), (record) =>
        lookupRecordKey(record.vsid, record.customerAddress),
      );
    case 'customerRoute':
      return keyIf(readCustomerRouteIdentity(document, problems), customerRouteKey);
    case 'connection':
      return readConnectionIdentity(document, problems)?.id;
  }
}

function keyIf<T>(identity: T | undefined, keyOf: (identity: T) => string): string | undefined {
  return identity === undefined ? undefined : keyOf(identity);
}

function kindOf(document: unknown): ChangeKind | undefined {
  const kind = isObject(document) ? document['kind'] : undefined;
  return CHANGE_KINDS.find((known) => known === kind);
}

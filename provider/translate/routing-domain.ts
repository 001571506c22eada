import { Type } from 'typebox';
import type { Problem } from '../../src/errors.js';
import type { Connection } from '../../src/model/connection.js';
import { customerRouteKey } from '../../src/model/customer-route.js';
import { lookupRecordKey } from '../../src/model/lookup-record.js';
import type { RoutingDomain, RoutingDomainHead } from '../../src/model/routing-domain.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { formatIp } from '../../src/net/ip.js';
import { KEY_SCHEMAS } from '../change-schemas.js';
import { RoutingDomainSchema, type RoutingDomainDocument } from '../schemas.js';
import { parseProviderAddress } from './addresses.js';
import { connectionReader, formatConnection } from './connection.js';
import { formatCustomerRoute, readCustomerRoute } from './customer-route.js';
import { formatLookupRecord, readLookupRecord } from './lookup-record.js';
import { readList, readText, type Devices, type NounReader, type Reading } from './reading.js';
import { isObject, shapeCheck } from './shape.js';
import { formatVirtualSubnet, readVirtualSubnet } from './virtual-subnet.js';

/** The lists of a routing domain: what it holds. */
export const DOMAIN_LISTS = [
  'virtualSubnets',
  'lookupRecords',
  'customerRoutes',
  'connections',
] as const;

/** A list whose items are checked one by one as they are read. */
const List = Type.Optional(Type.Array(Type.Unknown()));

const hasShape = shapeCheck(
  Type.Object(
    {
      ...RoutingDomainSchema.properties,
      virtualSubnets: List,
      lookupRecords: List,
      customerRoutes: List,
      connections: List,
    },
    { additionalProperties: false },
  ),
);
const hasKeyShape = shapeCheck(KEY_SCHEMAS.routingDomain);

/**
 * Reads a routing domain with all it holds; what is wrong (paths relative to the domain) and where
 * things stood goes to `reading`. Undefined only where it has no readable id.
 *
 * @param pointer JSON pointer of the domain in the document
 */
export function readRoutingDomain(
  reading: Reading,
  pointer: string,
  value: unknown,
  devices: Devices,
): RoutingDomain | undefined {
  hasShape(value, reading.problems);
  if (!isObject(value)) return undefined;
  const list = (name: (typeof DOMAIN_LISTS)[number]): [Reading, string, string, unknown] => [
    reading,
    pointer,
    name,
    value[name],
  ];
  const head = readHead(value, reading.problems);
  const lists = {
    virtualSubnets: readList(...list('virtualSubnets'), readVirtualSubnet, (subnet) => subnet.vsid),
    lookupRecords: readList(...list('lookupRecords'), readLookupRecord, (record) =>
      lookupRecordKey(record.vsid, record.customerAddress),
    ),
    customerRoutes: readList(...list('customerRoutes'), readCustomerRoute, customerRouteKey),
    connections: readList(
      ...list('connections'),
      connectionReader(devices.external[0]),
      (connection: Connection) => connection.id,
    ),
  };
  return head === undefined ? undefined : { head, ...lists };
}

/** Whether the document says what the domain holds, or only what the domain says of itself. */
export function carriesLists(value: unknown): boolean {
  return isObject(value) && DOMAIN_LISTS.some((name) => value[name] !== undefined);
}

/** What names a routing domain. */
export interface RoutingDomainIdentity {
  readonly head: Pick<RoutingDomainHead, 'id'>;
}

export const readRoutingDomainIdentity: NounReader<RoutingDomainIdentity> = (value, problems) => {
  hasKeyShape(value, problems);
  if (!isObject(value)) return undefined;
  const id = readText(problems, '/id', RoutingDomainId, value['id']);
  return id === undefined ? undefined : { head: { id } };
};

function readHead(
  value: Readonly<Record<string, unknown>>,
  problems: Problem[],
): RoutingDomainHead | undefined {
  const id = readText(problems, '/id', RoutingDomainId, value['id']);
  const { name } = value as { name?: unknown };
  const providerAddress = readText(
    problems,
    '/providerAddress',
    parseProviderAddress,
    value['providerAddress'],
  );
  if (id === undefined) return undefined;
  return {
    id,
    ...(typeof name === 'string' && { name }),
    ...(providerAddress !== undefined && { providerAddress }),
  };
}

/** What the domain says of itself, without what it holds. */
export function formatRoutingDomainHead(head: RoutingDomainHead): RoutingDomainDocument {
  return {
    id: head.id,
    ...(head.name !== undefined && { name: head.name }),
    ...(head.providerAddress !== undefined && { providerAddress: formatIp(head.providerAddress) }),
  };
}

export function formatRoutingDomain(domain: RoutingDomain): RoutingDomainDocument {
  return {
    ...formatRoutingDomainHead(domain.head),
    virtualSubnets: Array.from(domain.virtualSubnets.values(), formatVirtualSubnet),
    lookupRecords: Array.from(domain.lookupRecords.values(), formatLookupRecord),
    customerRoutes: Array.from(domain.customerRoutes.values(), formatCustomerRoute),
    connections: Array.from(domain.connections.values(), formatConnection),
  };
}

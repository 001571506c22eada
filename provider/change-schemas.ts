import { Type, type Static, type TSchema } from 'typebox';
import {
  ConnectionSchema,
  CustomerRouteSchema,
  LookupRecordSchema,
  ProviderAddressSchema,
  ProviderRouteSchema,
  RoutingDomainSchema,
  VirtualSubnetSchema,
} from './schemas.js';

/** The nouns that a change may name. */
export const CHANGE_KINDS = [
  'providerAddress',
  'providerRoute',
  'routingDomain',
  'virtualSubnet',
  'lookupRecord',
  'customerRoute',
  'connection',
] as const;

export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** `value` of a deletion: the fields that name the object. Others may be there and do not count. */
export const KEY_SCHEMAS = {
  providerAddress: Type.Pick(ProviderAddressSchema, ['address']),
  providerRoute: Type.Pick(ProviderRouteSchema, ['destinationPrefix', 'nextHop']),
  routingDomain: Type.Pick(RoutingDomainSchema, ['id']),
  virtualSubnet: Type.Pick(VirtualSubnetSchema, ['vsid']),
  lookupRecord: Type.Pick(LookupRecordSchema, ['vsid', 'customerAddress']),
  customerRoute: Type.Pick(CustomerRouteSchema, ['vsid', 'destinationPrefix', 'nextHop']),
  connection: Type.Object({ id: Type.String({ examples: ['internet'] }) }),
} as const;

const closed = { additionalProperties: false } as const;
const RoutingDomainId = Type.String({ description: 'RDID of the domain that holds the object' });

function gatewayChange<Kind extends ChangeKind, Value extends TSchema, Key extends TSchema>(
  kind: Kind,
  value: Value,
  key: Key,
) {
  const named = Type.Literal(kind);
  return [
    Type.Object({ op: Type.Literal('upsert'), kind: named, value }, closed),
    Type.Object({ op: Type.Literal('delete'), kind: named, value: key }, closed),
  ] as const;
}

function domainChange<Kind extends ChangeKind, Value extends TSchema, Key extends TSchema>(
  kind: Kind,
  value: Value,
  key: Key,
) {
  const common = { kind: Type.Literal(kind), routingDomainId: RoutingDomainId } as const;
  return [
    Type.Object({ op: Type.Literal('upsert'), ...common, value }, closed),
    Type.Object({ op: Type.Literal('delete'), ...common, value: key }, closed),
  ] as const;
}

/** One step of a PATCH; also one line of its NDJSON form. */
export const ChangeSchema = Type.Union(
  [
    ...gatewayChange('providerAddress', ProviderAddressSchema, KEY_SCHEMAS.providerAddress),
    ...gatewayChange('providerRoute', ProviderRouteSchema, KEY_SCHEMAS.providerRoute),
    ...gatewayChange('routingDomain', RoutingDomainSchema, KEY_SCHEMAS.routingDomain),
    ...domainChange('virtualSubnet', VirtualSubnetSchema, KEY_SCHEMAS.virtualSubnet),
    ...domainChange('lookupRecord', LookupRecordSchema, KEY_SCHEMAS.lookupRecord),
    ...domainChange('customerRoute', CustomerRouteSchema, KEY_SCHEMAS.customerRoute),
    ...domainChange('connection', ConnectionSchema, KEY_SCHEMAS.connection),
  ],
  {
    $id: 'Change',
    description:
      'An upsert makes or replaces the object. One of a routing domain replaces all that the domain holds when the value carries any of its lists, else only its name and provider address.',
  },
);

export const ChangesSchema = Type.Object(
  { changes: Type.Array(ChangeSchema) },
  {
    additionalProperties: false,
    $id: 'Changes',
    description: 'Applied in their order, whole or not at all',
  },
);

export type ChangeDocument = Static<typeof ChangeSchema>;
export type ChangesDocument = Static<typeof ChangesSchema>;

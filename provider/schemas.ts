import { Type, type Static, type TSchema } from 'typebox';
import { ConnectionSchema } from './connection-schemas.js';
import {
  Address,
  closed,
  Ipv4Address,
  Metric,
  Name,
  ObjectStateFields,
  PrefixText,
} from './field-schemas.js';

/*
 * The one source of the API's types, its validation and its OpenAPI description. The policy file
 * has the same shape. Schemas say what is a string and what a number; what an address or a VSID
 * may be is checked by `translate`, so that each error names its code and what to do.
 */

export { ConnectionSchema, type ConnectionDocument } from './connection-schemas.js';

const MacText = Type.String({
  description: 'MAC address; read with dashes, colons or neither, written with dashes',
  examples: ['00-15-5D-01-14-04'],
});
const VsidNumber = Type.Integer({
  description: 'Virtual subnet id, 4097..16777214',
  examples: [5001],
});

/** State of one object (P7). Read only. */
export const ObjectStateSchema = Type.Object(ObjectStateFields, {
  $id: 'ObjectState',
  description: 'Whether the kernel has the object as the policy says; read only',
});

/** What is read back may be pushed again: `state` is taken and ignored. */
const State = Type.Optional(ObjectStateSchema);

export const ProviderAddressSchema = Type.Object(
  {
    address: Ipv4Address,
    prefixLength: Type.Integer({ minimum: 0, maximum: 32 }),
    interface: Type.Optional(
      Type.String({ description: 'Underlay device of the configuration; the first one if absent' }),
    ),
    state: State,
  },
  { ...closed, $id: 'ProviderAddress', description: 'A tunnel end point address of the gateway' },
);

export const ProviderRouteSchema = Type.Object(
  {
    destinationPrefix: PrefixText,
    nextHop: Ipv4Address,
    metric: Type.Optional(Metric),
    state: State,
  },
  { ...closed, $id: 'ProviderRoute', description: 'A route of the underlay' },
);

export const VirtualSubnetSchema = Type.Object(
  {
    vsid: VsidNumber,
    prefixes: Type.Array(PrefixText, { minItems: 1 }),
    gateway: Type.Optional(
      Type.Object(
        { address: Type.Optional(Address), macAddress: Type.Optional(MacText) },
        { ...closed, description: 'First host address and a MAC made of the VSID if absent' },
      ),
    ),
    state: State,
  },
  { ...closed, $id: 'VirtualSubnet', description: 'One segment of a routing domain' },
);

export const LookupRecordSchema = Type.Object(
  {
    vsid: VsidNumber,
    customerAddress: Address,
    macAddress: MacText,
    providerAddress: Ipv4Address,
    rule: Type.Optional(Type.Enum(['encap', 'nat'])),
    type: Type.Optional(Type.Enum(['static', 'dynamic', 'l2only', 'gatewayWildcard'])),
    vmName: Type.Optional(Name),
    state: State,
  },
  { ...closed, $id: 'LookupRecord', description: 'Where a customer address lives' },
);

export const CustomerRouteSchema = Type.Object(
  {
    vsid: VsidNumber,
    destinationPrefix: PrefixText,
    nextHop: Type.String({
      description: '0.0.0.0 or :: for on link, the CA of a router, or a multicast PA group',
    }),
    metric: Type.Optional(Metric),
    state: State,
  },
  { ...closed, $id: 'CustomerRoute', description: 'A route inside a routing domain' },
);

const RoutingDomainHeadFields = {
  id: Type.String({ description: 'RDID: a UUID; {braces} accepted' }),
  name: Type.Optional(Name),
  providerAddress: Type.Optional(Ipv4Address),
} as const;

export const RoutingDomainSchema = Type.Object(
  {
    ...RoutingDomainHeadFields,
    virtualSubnets: Type.Optional(Type.Array(VirtualSubnetSchema)),
    lookupRecords: Type.Optional(Type.Array(LookupRecordSchema)),
    customerRoutes: Type.Optional(Type.Array(CustomerRouteSchema)),
    connections: Type.Optional(Type.Array(ConnectionSchema)),
    state: State,
  },
  { ...closed, $id: 'RoutingDomain', description: 'One tenant’s VM network' },
);

export const PolicySchema = Type.Object(
  {
    apiVersion: Type.Literal('nvgate/v1'),
    providerAddresses: Type.Optional(Type.Array(ProviderAddressSchema)),
    providerRoutes: Type.Optional(Type.Array(ProviderRouteSchema)),
    routingDomains: Type.Optional(Type.Array(RoutingDomainSchema)),
  },
  { ...closed, $id: 'Policy', description: 'Everything the controller tells the gateway' },
);

export type ProviderAddressDocument = Static<typeof ProviderAddressSchema>;
export type ProviderRouteDocument = Static<typeof ProviderRouteSchema>;
export type VirtualSubnetDocument = Static<typeof VirtualSubnetSchema>;
export type LookupRecordDocument = Static<typeof LookupRecordSchema>;
export type CustomerRouteDocument = Static<typeof CustomerRouteSchema>;
export type RoutingDomainDocument = Static<typeof RoutingDomainSchema>;
export type ObjectStateDocument = Static<typeof ObjectStateSchema>;
export type PolicyDocument = Static<typeof PolicySchema>;
export type { TSchema };

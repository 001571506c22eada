import type { Client } from '../../provider/client/client.js';
import type { Collection } from '../../provider/client/collection.js';
import type {
  ConnectionDocument,
  CustomerRouteDocument,
  LookupRecordDocument,
  ObjectStateDocument,
  ProviderAddressDocument,
  ProviderRouteDocument,
  RoutingDomainDocument,
  VirtualSubnetDocument,
} from '../../provider/schemas.js';
import { CONNECTION_COLUMNS } from './connection-columns.js';
import { UsageError } from './failure.js';
import type { Column } from './output.js';

/** One of the policy's seven kinds of object, as the CLI lists it. */
export interface Noun<Document> {
  /** As in the API's paths. */
  readonly name: string;
  /** The list of a policy document that holds the objects. */
  readonly list: string;
  /** Names the object within its list: what follows the noun in the API's path. */
  readonly idOf: (document: Document) => string;
  /** Parts of a whole id, between slashes. */
  readonly idParts: number;
  /** How an id is written, for help and messages. */
  readonly idForm: string;
  readonly columns: readonly Column<Document>[];
}

export interface GatewayNoun<Document> extends Noun<Document> {
  readonly scope: 'gateway';
  readonly collection: (client: Client) => Collection<Document>;
}

/** A noun whose objects belong to a routing domain. */
export interface DomainNoun<Document> extends Noun<Document> {
  readonly scope: 'domain';
  readonly collection: (client: Client, routingDomain: string) => Collection<Document>;
}

export const PROVIDER_ADDRESSES: GatewayNoun<ProviderAddressDocument> = {
  scope: 'gateway',
  name: 'provider-addresses',
  list: 'providerAddresses',
  idOf: ({ address }) => address,
  idParts: 1,
  idForm: '10.1.1.40',
  columns: [
    { header: 'ADDRESS', cell: ({ address, prefixLength }) => `${address}/${prefixLength}` },
    { header: 'INTERFACE', cell: (record) => record.interface },
    stateColumn(),
  ],
  collection: (client) => client.providerAddresses,
};

export const PROVIDER_ROUTES: GatewayNoun<ProviderRouteDocument> = {
  scope: 'gateway',
  name: 'provider-routes',
  list: 'providerRoutes',
  idOf: ({ destinationPrefix, nextHop }) => `${destinationPrefix}/${nextHop}`,
  idParts: 3,
  idForm: '0.0.0.0/0/10.1.1.1',
  columns: [
    { header: 'DESTINATION', cell: (route) => route.destinationPrefix },
    { header: 'NEXT HOP', cell: (route) => route.nextHop },
    { header: 'METRIC', cell: (route) => route.metric, align: 'right' },
    stateColumn(),
  ],
  collection: (client) => client.providerRoutes,
};

export const ROUTING_DOMAINS: GatewayNoun<RoutingDomainDocument> = {
  scope: 'gateway',
  name: 'routing-domains',
  list: 'routingDomains',
  idOf: ({ id }) => id,
  idParts: 1,
  idForm: '11111111-2222-3333-4444-000000005001',
  columns: [
    { header: 'ID', cell: (domain) => domain.id },
    { header: 'NAME', cell: (domain) => domain.name },
    { header: 'PROVIDER ADDRESS', cell: (domain) => domain.providerAddress },
    stateColumn(),
  ],
  collection: (client) => client.routingDomains,
};

export const VIRTUAL_SUBNETS: DomainNoun<VirtualSubnetDocument> = {
  scope: 'domain',
  name: 'virtual-subnets',
  list: 'virtualSubnets',
  idOf: ({ vsid }) => String(vsid),
  idParts: 1,
  idForm: '5001',
  columns: [
    { header: 'VSID', cell: (subnet) => subnet.vsid, align: 'right' },
    { header: 'PREFIXES', cell: (subnet) => subnet.prefixes.join(' ') },
    { header: 'GATEWAY', cell: (subnet) => subnet.gateway?.address },
    { header: 'GATEWAY MAC', cell: (subnet) => subnet.gateway?.macAddress },
    stateColumn(),
  ],
  collection: (client, domain) => client.routingDomain(domain).virtualSubnets,
};

export const LOOKUP_RECORDS: DomainNoun<LookupRecordDocument> = {
  scope: 'domain',
  name: 'lookup-records',
  list: 'lookupRecords',
  idOf: ({ vsid, customerAddress }) => `${vsid}/${customerAddress}`,
  idParts: 2,
  idForm: '5001/192.168.1.101',
  columns: [
    { header: 'VSID', cell: (record) => record.vsid, align: 'right' },
    { header: 'CA', cell: (record) => record.customerAddress },
    { header: 'MAC', cell: (record) => record.macAddress },
    { header: 'PA', cell: (record) => record.providerAddress },
    { header: 'RULE', cell: (record) => record.rule },
    { header: 'TYPE', cell: (record) => record.type },
    { header: 'VM', cell: (record) => record.vmName },
    stateColumn(),
  ],
  collection: (client, domain) => client.routingDomain(domain).lookupRecords,
};

export const CUSTOMER_ROUTES: DomainNoun<CustomerRouteDocument> = {
  scope: 'domain',
  name: 'customer-routes',
  list: 'customerRoutes',
  idOf: ({ vsid, destinationPrefix, nextHop }) => `${vsid}/${destinationPrefix}/${nextHop}`,
  idParts: 4,
  idForm: '5001/192.168.1.0/24/0.0.0.0',
  columns: [
    { header: 'VSID', cell: (route) => route.vsid, align: 'right' },
    { header: 'DESTINATION', cell: (route) => route.destinationPrefix },
    { header: 'NEXT HOP', cell: (route) => route.nextHop },
    { header: 'METRIC', cell: (route) => route.metric, align: 'right' },
    stateColumn(),
  ],
  collection: (client, domain) => client.routingDomain(domain).customerRoutes,
};

export const CONNECTIONS: DomainNoun<ConnectionDocument> = {
  scope: 'domain',
  name: 'connections',
  list: 'connections',
  idOf: ({ id }) => id,
  idParts: 1,
  idForm: 'internet',
  columns: CONNECTION_COLUMNS,
  collection: (client, domain) => client.routingDomain(domain).connections,
};

export const GATEWAY_NOUNS = [PROVIDER_ADDRESSES, PROVIDER_ROUTES, ROUTING_DOMAINS] as const;
export const DOMAIN_NOUNS = [
  VIRTUAL_SUBNETS,
  LOOKUP_RECORDS,
  CUSTOMER_ROUTES,
  CONNECTIONS,
] as const;
export const NOUNS = [...DOMAIN_NOUNS, ...GATEWAY_NOUNS] as const;

/** Any noun, its documents told apart by nothing but the noun itself. */
export type AnyGatewayNoun = GatewayNoun<object>;
export type AnyDomainNoun = DomainNoun<object>;

/**
 * The noun of that name, singular or plural.
 * @throws UsageError
 */
export function findNoun(name: string): AnyGatewayNoun | AnyDomainNoun {
  const noun = NOUNS.find((one) => one.name === name || one.name === pluralOf(name));
  if (noun === undefined)
    throw new UsageError(
      `there is no noun "${name}". Choose one of ${NOUNS.map((one) => one.name).join(', ')}.`,
    );
  return noun as unknown as AnyGatewayNoun | AnyDomainNoun;
}

function pluralOf(name: string): string {
  return name.endsWith('ss') ? `${name}es` : `${name}s`;
}

function stateColumn(): Column<{ readonly state?: ObjectStateDocument }> {
  return { header: 'STATE', cell: ({ state }) => stateText(state) };
}

function stateText(state: ObjectStateDocument | undefined): string | undefined {
  if (state?.reason === undefined) return state?.configuration;
  return `${state.configuration}: ${state.reason}`;
}

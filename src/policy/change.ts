import type { ProviderAddress } from '../model/addresses.js';
import type { Connection, ConnectionId } from '../model/connection.js';
import type { CustomerRoute, CustomerRouteKey } from '../model/customer-route.js';
import type { LookupRecord, LookupRecordKey } from '../model/lookup-record.js';
import type { ProviderAddressRecord } from '../model/provider-address.js';
import type { ProviderRoute, ProviderRouteKey } from '../model/provider-route.js';
import type { RoutingDomain, RoutingDomainHead } from '../model/routing-domain.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { VirtualSubnet } from '../model/virtual-subnet.js';
import type { Vsid } from '../model/vsid.js';

/**
 * One step of a push. An upsert of a `routingDomain` replaces the domain with all it holds; of a
 * `routingDomainHead` only what it says of itself.
 */
export type Change =
  | { op: 'upsert'; kind: 'providerAddress'; value: ProviderAddressRecord }
  | { op: 'delete'; kind: 'providerAddress'; key: ProviderAddress }
  | { op: 'upsert'; kind: 'providerRoute'; value: ProviderRoute }
  | { op: 'delete'; kind: 'providerRoute'; key: ProviderRouteKey }
  | { op: 'upsert'; kind: 'routingDomain'; value: RoutingDomain }
  | { op: 'upsert'; kind: 'routingDomainHead'; value: RoutingDomainHead }
  | { op: 'delete'; kind: 'routingDomain'; key: RoutingDomainId }
  | DomainChange;

/** A change of one object inside a routing domain, which has to be there. */
export type DomainChange =
  | PartChange<'virtualSubnet', VirtualSubnet, Vsid>
  | PartChange<'lookupRecord', LookupRecord, LookupRecordKey>
  | PartChange<'customerRoute', CustomerRoute, CustomerRouteKey>
  | PartChange<'connection', Connection, ConnectionId>;

type PartChange<Kind extends string, Value, Key> =
  | { op: 'upsert'; kind: Kind; routingDomain: RoutingDomainId; value: Value }
  | { op: 'delete'; kind: Kind; routingDomain: RoutingDomainId; key: Key };

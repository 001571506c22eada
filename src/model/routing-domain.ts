import type { ProviderAddress } from './addresses.js';
import type { Connection, ConnectionId } from './connection.js';
import type { CustomerRoute, CustomerRouteKey } from './customer-route.js';
import type { LookupRecord, LookupRecordKey } from './lookup-record.js';
import type { RoutingDomainId } from './routing-domain-id.js';
import type { VirtualSubnet } from './virtual-subnet.js';
import type { Vsid } from './vsid.js';

/** What a routing domain says of itself, without what it holds. */
export interface RoutingDomainHead {
  readonly id: RoutingDomainId;
  readonly name?: string;
  /** The PA that this VM network's tunnels end at; where unset see `ownProviderAddress`. */
  readonly providerAddress?: ProviderAddress;
}

/** RDID: the set of virtual subnets that may route to each other; one tenant's VM network. */
export interface RoutingDomain {
  readonly head: RoutingDomainHead;
  readonly virtualSubnets: ReadonlyMap<Vsid, VirtualSubnet>;
  readonly lookupRecords: ReadonlyMap<LookupRecordKey, LookupRecord>;
  readonly customerRoutes: ReadonlyMap<CustomerRouteKey, CustomerRoute>;
  readonly connections: ReadonlyMap<ConnectionId, Connection>;
}

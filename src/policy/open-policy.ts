import type { ProviderAddress } from '../model/addresses.js';
import type { Connection, ConnectionId } from '../model/connection.js';
import type { CustomerRoute, CustomerRouteKey } from '../model/customer-route.js';
import type { LookupRecord, LookupRecordKey } from '../model/lookup-record.js';
import type { Policy } from '../model/policy.js';
import type { ProviderAddressRecord } from '../model/provider-address.js';
import type { ProviderRoute, ProviderRouteKey } from '../model/provider-route.js';
import type { RoutingDomain, RoutingDomainHead } from '../model/routing-domain.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { VirtualSubnet } from '../model/virtual-subnet.js';
import type { Vsid } from '../model/vsid.js';

/** A policy that may be edited in place. */
export interface OpenPolicy {
  /** Replaced, never edited: its order says which PA is the first, and an undo must keep it. */
  providerAddresses: ReadonlyMap<ProviderAddress, ProviderAddressRecord>;
  readonly providerRoutes: Map<ProviderRouteKey, ProviderRoute>;
  readonly routingDomains: Map<RoutingDomainId, OpenDomain>;
}

/** A routing domain that may be edited in place. */
export interface OpenDomain {
  head: RoutingDomainHead;
  readonly virtualSubnets: Map<Vsid, VirtualSubnet>;
  readonly lookupRecords: Map<LookupRecordKey, LookupRecord>;
  readonly customerRoutes: Map<CustomerRouteKey, CustomerRoute>;
  readonly connections: Map<ConnectionId, Connection>;
}

/** A copy to edit; the objects in it are shared, for nobody edits those. */
export function openPolicy(policy: Policy): OpenPolicy {
  const routingDomains = new Map<RoutingDomainId, OpenDomain>();
  for (const [id, domain] of policy.routingDomains) routingDomains.set(id, openDomain(domain));
  return {
    providerAddresses: new Map(policy.providerAddresses),
    providerRoutes: new Map(policy.providerRoutes),
    routingDomains,
  };
}

/** A copy to edit; the objects in it are shared. */
export function openDomain(domain: RoutingDomain): OpenDomain {
  return {
    head: domain.head,
    virtualSubnets: new Map(domain.virtualSubnets),
    lookupRecords: new Map(domain.lookupRecords),
    customerRoutes: new Map(domain.customerRoutes),
    connections: new Map(domain.connections),
  };
}

/** A routing domain that holds nothing yet. */
export function emptyDomain(head: RoutingDomainHead): OpenDomain {
  return {
    head,
    virtualSubnets: new Map(),
    lookupRecords: new Map(),
    customerRoutes: new Map(),
    connections: new Map(),
  };
}

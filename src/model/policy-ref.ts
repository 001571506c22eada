import { formatIp } from '../net/ip.js';
import { formatPrefix } from '../net/prefix.js';
import type { ConnectionId } from './connection.js';
import type { CustomerRoute } from './customer-route.js';
import type { LookupRecord } from './lookup-record.js';
import type { ProviderAddressRecord } from './provider-address.js';
import type { ProviderRoute } from './provider-route.js';
import type { RoutingDomainId } from './routing-domain-id.js';
import type { Vsid } from './vsid.js';

declare const brand: unique symbol;

/**
 * Names one object of the policy from anywhere: its path below `/v1` in the provider API, for
 * example `routing-domains/<rdid>/lookup-records/5001/192.168.1.101`.
 */
export type PolicyRef = string & { readonly [brand]: 'PolicyRef' };

export const policyRef = {
  providerAddress: (record: Pick<ProviderAddressRecord, 'address'>): PolicyRef =>
    ref(`provider-addresses/${formatIp(record.address)}`),
  providerRoute: (route: Pick<ProviderRoute, 'destinationPrefix' | 'nextHop'>): PolicyRef =>
    ref(`provider-routes/${formatPrefix(route.destinationPrefix)}/${formatIp(route.nextHop)}`),
  routingDomain: (domain: RoutingDomainId): PolicyRef => ref(`routing-domains/${domain}`),
  virtualSubnet: (domain: RoutingDomainId, vsid: Vsid): PolicyRef =>
    ref(`routing-domains/${domain}/virtual-subnets/${vsid}`),
  lookupRecord: (
    domain: RoutingDomainId,
    record: Pick<LookupRecord, 'vsid' | 'customerAddress'>,
  ): PolicyRef =>
    ref(
      `routing-domains/${domain}/lookup-records/${record.vsid}/${formatIp(record.customerAddress)}`,
    ),
  customerRoute: (
    domain: RoutingDomainId,
    route: Pick<CustomerRoute, 'vsid' | 'destinationPrefix' | 'nextHop'>,
  ): PolicyRef =>
    ref(
      `routing-domains/${domain}/customer-routes/${route.vsid}/${formatPrefix(route.destinationPrefix)}/${formatIp(route.nextHop)}`,
    ),
  connection: (domain: RoutingDomainId, id: ConnectionId): PolicyRef =>
    ref(`routing-domains/${domain}/connections/${id}`),
} as const;

function ref(path: string): PolicyRef {
  return path as PolicyRef;
}

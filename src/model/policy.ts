import type { ProviderAddress } from './addresses.js';
import type { ProviderAddressRecord } from './provider-address.js';
import type { ProviderRoute, ProviderRouteKey } from './provider-route.js';
import type { RoutingDomain } from './routing-domain.js';
import type { RoutingDomainId } from './routing-domain-id.js';

/** Everything that the controller has told the gateway. Insertion order is the order of the push. */
export interface Policy {
  readonly providerAddresses: ReadonlyMap<ProviderAddress, ProviderAddressRecord>;
  readonly providerRoutes: ReadonlyMap<ProviderRouteKey, ProviderRoute>;
  readonly routingDomains: ReadonlyMap<RoutingDomainId, RoutingDomain>;
}

export const EMPTY_POLICY: Policy = {
  providerAddresses: new Map(),
  providerRoutes: new Map(),
  routingDomains: new Map(),
};

/**
 * The gateway's own PA for a routing domain: the one it names, else the PA of its own-address
 * records, else the gateway's first. Undefined while the gateway has no PA at all.
 */
export function ownProviderAddress(
  policy: Policy,
  domain: RoutingDomain,
): ProviderAddress | undefined {
  if (domain.head.providerAddress !== undefined) return domain.head.providerAddress;
  if (policy.providerAddresses.size > 1)
    for (const record of domain.lookupRecords.values())
      if (policy.providerAddresses.has(record.providerAddress)) return record.providerAddress;
  const [first] = policy.providerAddresses.keys();
  return first;
}

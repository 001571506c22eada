import type { ProviderAddress } from '../model/addresses.js';
import type { Policy } from '../model/policy.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';

/** The routing domains that have records at each of the provider addresses. One pass over all records. */
export function domainsBehind(
  policy: Pick<Policy, 'routingDomains'>,
  addresses: Iterable<ProviderAddress>,
): Map<ProviderAddress, Set<RoutingDomainId>> {
  const found = new Map<ProviderAddress, Set<RoutingDomainId>>();
  for (const address of addresses) found.set(address, new Set());
  if (found.size === 0) return found;
  for (const [id, domain] of policy.routingDomains)
    for (const { providerAddress } of domain.lookupRecords.values())
      found.get(providerAddress)?.add(id);
  return found;
}

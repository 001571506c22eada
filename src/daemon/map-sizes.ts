import type { LimitsConfig } from '../config/config.js';
import type { ObjectOptions } from '../dataplane/bpf/object.js';

/**
 * How many entries each BPF map has room for, by the limits of the configuration.
 *
 * Every subnet also has records and routes of the gateway itself: one for each of its prefixes,
 * four of them on average.
 */
export function mapSizes(limits: LimitsConfig): ObjectOptions['maxEntries'] {
  const own = 4 * limits.virtualSubnets;
  return {
    virtual_subnets: limits.virtualSubnets,
    lookup_records: limits.lookupRecords + own,
    customer_routes: limits.customerRoutes + own,
    provider_peers: limits.providerPeers,
    rewrites: limits.lookupRecords,
    provider_groups: limits.customerRoutes,
    multicast_routes: limits.customerRoutes,
    replications: limits.virtualSubnets,
  };
}

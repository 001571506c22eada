/** The maps of maps.h. */
export const MAP_NAMES = [
  'provider_addresses',
  'virtual_subnets',
  'lookup_records',
  'customer_routes',
  'provider_peers',
  'external_ends',
  'ways',
  'rewrites',
  'provider_groups',
  'multicast_routes',
  'replications',
  'multicast_debts',
  'counters',
  'path_mtus',
  'peer_problems',
  'events',
] as const;

export type MapName = (typeof MAP_NAMES)[number];

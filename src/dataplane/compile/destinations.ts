import type { LookupRecord } from '../../model/lookup-record.js';
import { formatPrefix, type Prefix } from '../../net/prefix.js';
import type { DomainView } from './domain-view.js';
import { connectionRoutes } from './external-plan.js';
import { prefixTable, type PrefixTable } from './prefix-table.js';
import type { VirtualRoute } from './virtual-routes.js';

/**
 * What each destination of the domain leads to, connections (`external`) included: a record that
 * the kernel would not route into the virtual network must not be short-cut to either.
 */
export function destinationTable(
  view: DomainView,
  best: readonly VirtualRoute[],
): PrefixTable<VirtualRoute['target'] | 'external'> {
  const virtual = new Map(best.map((route) => [formatPrefix(route.destinationPrefix), route]));
  const external: Prefix[] = [];
  for (const connection of view.domain.connections.values())
    for (const { destinationPrefix, metric } of connectionRoutes(connection)) {
      const rival = virtual.get(formatPrefix(destinationPrefix));
      if (rival === undefined || metric < rival.metric) external.push(destinationPrefix);
    }
  return prefixTable<VirtualRoute['target'] | 'external'>([
    ...external.map((prefix) => [prefix, 'external'] as const),
    ...best.map(({ destinationPrefix, target }) => [destinationPrefix, target] as const),
  ]);
}

/** Whether the kernel would route the record's address into its own subnet. */
export function isOnLink(
  destinations: PrefixTable<VirtualRoute['target'] | 'external'>,
  record: LookupRecord,
): boolean {
  if (record.type === 'l2only') return false;
  const target = destinations.longestMatch(record.customerAddress);
  return (
    target !== undefined &&
    target !== 'external' &&
    target.kind === 'onLink' &&
    target.vsid === record.vsid
  );
}

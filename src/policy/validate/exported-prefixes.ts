import type { RoutedConnection } from '../../model/connection.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import { formatPrefix, type Prefix } from '../../net/prefix.js';
import type { Touched } from '../touched.js';
import type { PolicyView } from './domain-view.js';
import { findOverlaps } from './overlaps.js';
import { finding, type Report } from './report.js';

/**
 * A routed connection shows the routing domain's prefixes to the physical network, untranslated.
 * Two routing domains that show the same addresses there could not be told apart: the gateway's
 * namespace has one routing table for all external devices.
 */
export function checkExportedPrefixes(view: PolicyView, touched: Touched, report: Report): void {
  if (![...touched.domains].some(([id, touch]) => touch === 'whole' && exporterOf(view, id)))
    return;
  const entries: Export[] = [];
  for (const domain of view.index.exporters.keys()) {
    const connection = exporterOf(view, domain);
    if (connection === undefined) continue;
    for (const subnet of view.policy.routingDomains.get(domain)?.virtualSubnets.values() ?? [])
      for (const prefix of subnet.prefixes) entries.push({ prefix, domain, connection });
  }

  for (const { outer, inner } of findOverlaps(entries)) {
    if (outer.domain === inner.domain) continue;
    const [blamed, other] =
      touched.domains.get(inner.domain) === 'whole' ? [inner, outer] : [outer, inner];
    if (touched.domains.get(blamed.domain) === 'whole')
      report.error(
        finding(
          blamed.connection,
          '',
          'overlappingPrefix',
          `Connection ${blamed.connection.id} of routing domain ${blamed.domain} shows ${formatPrefix(blamed.prefix)} to the physical network, where connection ${other.connection.id} of routing domain ${other.domain} shows ${formatPrefix(other.prefix)}; use NAT for one of them.`,
        ),
      );
  }
}

interface Export {
  readonly prefix: Prefix;
  readonly domain: RoutingDomainId;
  readonly connection: RoutedConnection;
}

/** The first routed connection of the domain; undefined where it has none. */
function exporterOf(view: PolicyView, id: RoutingDomainId): RoutedConnection | undefined {
  for (const connection of view.policy.routingDomains.get(id)?.connections.values() ?? [])
    if (connection.type === 'routed') return connection;
  return undefined;
}

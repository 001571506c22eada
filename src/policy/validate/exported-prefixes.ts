import type { RoutedConnection } from '../../model/connection.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import { formatPrefix, type Prefix } from '../../net/prefix.js';
import type { Touched } from '../touched.js';
import type { PolicyView } from './domain-view.js';
import { externalInterface } from './interfaces.js';
import { findOverlaps } from './overlaps.js';
import { finding, type Report } from './report.js';

/**
 * A routed connection shows the routing domain's prefixes to its external device, untranslated.
 * Two routing domains that show the same addresses there could not be told apart.
 */
export function checkExportedPrefixes(view: PolicyView, touched: Touched, report: Report): void {
  const devices = new Set<string>();
  for (const [id, touch] of touched.domains)
    if (touch === 'whole') for (const device of exportsOf(view, id).keys()) devices.add(device);
  if (devices.size === 0) return;

  const exported = new Map<string, Export[]>();
  for (const domain of view.index.exporters.keys())
    for (const [device, connection] of exportsOf(view, domain)) {
      if (!devices.has(device)) continue;
      const entries = exported.get(device) ?? [];
      exported.set(device, entries);
      for (const subnet of view.policy.routingDomains.get(domain)?.virtualSubnets.values() ?? [])
        for (const prefix of subnet.prefixes) entries.push({ prefix, domain, connection });
    }

  for (const [device, entries] of exported)
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
            `Connection ${blamed.connection.id} of routing domain ${blamed.domain} shows ${formatPrefix(blamed.prefix)} to device ${device}, where connection ${other.connection.id} of routing domain ${other.domain} shows ${formatPrefix(other.prefix)}; use another device or NAT for one of them.`,
          ),
        );
    }
}

interface Export {
  readonly prefix: Prefix;
  readonly domain: RoutingDomainId;
  readonly connection: RoutedConnection;
}

/** External device -> the first routed connection of the domain that leads there. */
function exportsOf(view: PolicyView, id: RoutingDomainId): Map<string, RoutedConnection> {
  const exports = new Map<string, RoutedConnection>();
  for (const connection of view.policy.routingDomains.get(id)?.connections.values() ?? []) {
    const device = externalInterface(connection, view.environment);
    if (connection.type === 'routed' && device !== undefined && !exports.has(device))
      exports.set(device, connection);
  }
  return exports;
}

import type { Connection, ConnectionRoute } from '../../model/connection.js';
import { familyOf, formatIp } from '../../net/ip.js';
import { formatPrefix, prefixFamily } from '../../net/prefix.js';
import type { DomainView } from './domain-view.js';
import { prefixWithin } from './overlaps.js';
import { finding, type Report } from './report.js';
import { routeSlot } from './route-slot.js';

/** Where the connections of a routing domain lead, and that no two of them lead to the same. */
export function checkConnectionRoutes(view: DomainView, report: Report): void {
  const taken = new Map<string, Connection>();
  for (const connection of view.domain.connections.values()) {
    if (leadsNowhere(connection))
      report.error(
        finding(
          connection,
          'routes',
          'missingField',
          `Connection ${connection.id} leads nowhere; name at least one route, 0.0.0.0/0 for everything.`,
        ),
      );
    for (const [at, route] of connection.routes.entries()) {
      const field = `routes/${at}/destinationPrefix`;
      checkRoute(view, connection, route, field, report);
      const slot = routeSlot(route);
      const other = taken.get(slot);
      if (other === undefined) taken.set(slot, connection);
      else
        report.error(
          finding(
            connection,
            field,
            other === connection ? 'duplicate' : 'overlappingPrefix',
            `Connection ${connection.id} leads to ${formatPrefix(route.destinationPrefix)} with metric ${route.metric}, as ${other === connection ? 'an earlier route of it' : `connection ${other.id}`} does; delete one or give it another metric.`,
          ),
        );
    }
  }
}

/** NAT without routes still forwards ports; a PPP link without them still leads to its other end. */
function leadsNowhere(connection: Connection): boolean {
  if (connection.routes.length > 0) return false;
  switch (connection.type) {
    case 'nat':
      return false;
    case 'routed':
    case 'ikev2':
      return true;
    case 'l2tp':
    case 'pptp':
      return connection.pointToPoint.remoteAddress === undefined;
  }
}

function checkRoute(
  view: DomainView,
  connection: Connection,
  { destinationPrefix }: ConnectionRoute,
  field: string,
  report: Report,
): void {
  const destination = formatPrefix(destinationPrefix);
  for (const subnet of view.domain.virtualSubnets.values()) {
    // A wider route is fine: the subnet's own prefix is the longer match.
    const own = subnet.prefixes.find((prefix) => prefixWithin(destinationPrefix, prefix));
    if (own !== undefined)
      report.error(
        finding(
          connection,
          field,
          'overlappingPrefix',
          `Route ${destination} of connection ${connection.id} takes addresses of VSID ${subnet.vsid} (${formatPrefix(own)}) away; name only what lies outside the VM network.`,
        ),
      );
  }
  if (
    connection.type === 'nat' &&
    prefixFamily(destinationPrefix) !== familyOf(connection.externalAddress)
  )
    report.error(
      finding(
        connection,
        field,
        'invalidPrefix',
        `Route ${destination} of connection ${connection.id} cannot be translated to ${formatIp(connection.externalAddress)}; use one address family.`,
      ),
    );
  if (
    (connection.type === 'l2tp' || connection.type === 'pptp') &&
    prefixFamily(destinationPrefix) !== 4
  )
    report.error(
      finding(
        connection,
        field,
        'invalidPrefix',
        `Route ${destination} of connection ${connection.id} is IPv6, but the link carries IPv4 only; name an IPv4 prefix, or use ikev2.`,
      ),
    );
}

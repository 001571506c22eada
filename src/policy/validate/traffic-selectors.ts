import { isMulticastRoute } from '../../model/customer-route.js';
import type { Ikev2Connection } from '../../model/remote-connection.js';
import { formatPrefix, prefixesOverlap, prefixFamily, type Prefix } from '../../net/prefix.js';
import type { DomainView } from './domain-view.js';
import { prefixWithin } from './overlaps.js';
import { finding, type Report } from './report.js';

/** What a policy-based tunnel lets through, and that its routes lead nowhere else. */
export function checkTrafficSelectors(
  view: DomainView,
  connection: Ikev2Connection,
  report: Report,
): void {
  const { id, trafficSelectors } = connection;
  if (trafficSelectors === undefined) return;
  const { local, remote } = trafficSelectors;
  checkFamilies(connection, 'local', local, remote, report);
  checkFamilies(connection, 'remote', remote, local, report);

  for (const [at, prefix] of local.entries())
    if (!mayComeFrom(view, prefix))
      report.error(
        finding(
          connection,
          `trafficSelectors/local/${at}`,
          'outsideVirtualSubnet',
          `Local selector ${formatPrefix(prefix)} of connection ${id} meets no subnet and no customer route of the routing domain, so nothing could ever pass; name prefixes of the VM network.`,
        ),
      );
  for (const [at, { destinationPrefix }] of connection.routes.entries())
    if (!remote.some((selector) => prefixWithin(destinationPrefix, selector)))
      report.error(
        finding(
          connection,
          `routes/${at}/destinationPrefix`,
          'invalidPrefix',
          `Route ${formatPrefix(destinationPrefix)} of connection ${id} leads packets into the tunnel that no remote selector lets through (${remote.map(formatPrefix).join(', ')}); narrow the route or widen the selectors.`,
        ),
      );
}

function checkFamilies(
  connection: Ikev2Connection,
  side: 'local' | 'remote',
  own: readonly Prefix[],
  others: readonly Prefix[],
  report: Report,
): void {
  for (const [at, prefix] of own.entries())
    if (!others.some((other) => prefixFamily(other) === prefixFamily(prefix)))
      report.error(
        finding(
          connection,
          `trafficSelectors/${side}/${at}`,
          'invalidPrefix',
          `Selector ${formatPrefix(prefix)} of connection ${connection.id} has none of its address family on the other side; add one there or delete it.`,
        ),
      );
}

/** Whether the VM network has addresses in a prefix: its own, or those behind its router VMs. */
function mayComeFrom({ domain }: DomainView, prefix: Prefix): boolean {
  if (prefix.length === 0) return true;
  for (const subnet of domain.virtualSubnets.values())
    if (subnet.prefixes.some((own) => prefixesOverlap(own, prefix))) return true;
  for (const route of domain.customerRoutes.values())
    if (!isMulticastRoute(route) && prefixesOverlap(route.destinationPrefix, prefix)) return true;
  return false;
}

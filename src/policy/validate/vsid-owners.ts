import type { RoutingDomain } from '../../model/routing-domain.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { Touched } from '../touched.js';
import type { PolicyView } from './domain-view.js';
import { finding, type Report } from './report.js';

/** A VSID belongs to one routing domain: the key of a packet names nothing else (N5). */
export function checkVsidOwners(
  { index }: PolicyView,
  domain: RoutingDomain,
  touched: Touched,
  report: Report,
): void {
  for (const subnet of domain.virtualSubnets.values()) {
    const owners = index.vsidOwners.get(subnet.vsid);
    if (owners === undefined || owners.size < 2) continue;
    const other = otherOwner(owners, domain.head.id, touched);
    if (other !== undefined)
      report.error(
        finding(
          subnet,
          'vsid',
          'vsidInUse',
          `VSID ${subnet.vsid} belongs to routing domain ${other} already; choose another or delete it there.`,
        ),
      );
  }
}

/** Of two domains that a push has touched only the later one is to blame. */
function otherOwner(
  owners: ReadonlySet<RoutingDomainId>,
  self: RoutingDomainId,
  touched: Touched,
): RoutingDomainId | undefined {
  let later = false;
  for (const owner of owners) {
    if (owner === self) later = true;
    else if (!later || touched.domains.get(owner) !== 'whole') return owner;
  }
  return undefined;
}

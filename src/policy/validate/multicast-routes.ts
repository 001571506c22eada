import { leadsToGroup, type CustomerRoute } from '../../model/customer-route.js';
import type { VirtualSubnet } from '../../model/virtual-subnet.js';
import { formatIp, isIpv4 } from '../../net/ip.js';
import { formatPrefix, parsePrefix, prefixContains } from '../../net/prefix.js';
import { finding, type Report } from './report.js';

/** Local network control block: never forwarded by a router (RFC 5771). */
const LINK_GROUPS = parsePrefix('224.0.0.0/24');

/** Administratively scoped groups (RFC 2365); its first /24 is left to local use. */
const SCOPED_GROUPS = parsePrefix('239.0.0.0/8');
const UNWISE_GROUPS = [parsePrefix('239.0.0.0/24'), parsePrefix('239.128.0.0/24')];

/** A route that maps a subnet's broadcast and multicast to a PA multicast group (N10). */
export function checkMulticastRoute(
  route: CustomerRoute,
  subnet: VirtualSubnet,
  report: Report,
): void {
  const group = route.nextHop;
  const destination = formatPrefix(route.destinationPrefix);
  const refuse = (field: string, message: string): void =>
    report.error(finding(route, field, 'invalidMulticastGroup', message));

  if (!leadsToGroup(route, subnet))
    refuse(
      'destinationPrefix',
      `Route ${destination} of VSID ${route.vsid} leads to the multicast group ${formatIp(group)}; write 255.255.255.255/32, the subnet's broadcast address or a multicast prefix as its destination.`,
    );
  if (!isIpv4(group))
    refuse(
      'nextHop',
      `Multicast group ${formatIp(group)} is not IPv4, as the underlay is; choose one of 239.0.1.0-239.255.255.255.`,
    );
  else if (prefixContains(LINK_GROUPS, group))
    refuse(
      'nextHop',
      `Multicast group ${formatIp(group)} is one of 224.0.0.0/24, which routers never forward; choose one of 239.0.1.0-239.255.255.255.`,
    );
  else if (
    !prefixContains(SCOPED_GROUPS, group) ||
    UNWISE_GROUPS.some((prefix) => prefixContains(prefix, group))
  )
    report.warn(
      finding(
        route,
        'nextHop',
        'invalidMulticastGroup',
        `Multicast group ${formatIp(group)} may be in use by others; choose one of 239.0.1.0-239.255.255.255 outside 239.128.0.0/24.`,
      ),
    );
}

import type { ProviderRoute } from '../../model/provider-route.js';
import { formatIp, isIpv4 } from '../../net/ip.js';
import { formatPrefix, maskAddress, prefixContains, type Prefix } from '../../net/prefix.js';
import type { PolicyView } from './domain-view.js';
import { finding, type Report } from './report.js';
import { reservedBlockOfAddress } from './reserved-blocks.js';
import { routeSlot } from './route-slot.js';

/** Routes of the underlay. */
export function checkProviderRoutes({ policy }: PolicyView, report: Report): void {
  const onLink = [...policy.providerAddresses.values()].map(
    ({ address, prefixLength }): Prefix => ({
      address: maskAddress(address, prefixLength),
      length: prefixLength,
    }),
  );
  const taken = new Map<string, ProviderRoute>();

  for (const route of policy.providerRoutes.values()) {
    const destination = formatPrefix(route.destinationPrefix);
    const nextHop = formatIp(route.nextHop);
    if (!isIpv4(route.destinationPrefix.address))
      report.error(
        finding(
          route,
          'destinationPrefix',
          'invalidPrefix',
          `Provider route ${destination} is not IPv4, as the underlay is; write an IPv4 prefix.`,
        ),
      );
    if (
      reservedBlockOfAddress(route.nextHop) !== undefined ||
      !onLink.some((prefix) => prefixContains(prefix, route.nextHop))
    )
      report.error(
        finding(
          route,
          'nextHop',
          'unreachableNextHop',
          `Next hop ${nextHop} of provider route ${destination} is on the link of no provider address; name a router there.`,
        ),
      );
    const slot = routeSlot(route);
    const other = taken.get(slot);
    if (other === undefined) taken.set(slot, route);
    else
      report.error(
        finding(
          route,
          '',
          'duplicate',
          `Provider route ${destination} leads to ${formatIp(other.nextHop)} and to ${nextHop} with one metric, ${route.metric}; give them different metrics.`,
        ),
      );
  }
}

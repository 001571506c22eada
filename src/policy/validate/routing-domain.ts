import { formatIp } from '../../net/ip.js';
import type { DomainView } from './domain-view.js';
import { finding, type Report } from './report.js';

/** Whether it is clear which of the gateway's PAs serves a routing domain. */
export function checkOwnProviderAddress(view: DomainView, report: Report): void {
  const { policy, domain, domainIndex } = view;
  const { head } = domain;
  if (head.providerAddress !== undefined) {
    if (!policy.providerAddresses.has(head.providerAddress))
      report.error(
        finding(
          head,
          'providerAddress',
          'unknownProviderAddress',
          `Routing domain ${head.id} names ${formatIp(head.providerAddress)}, which is not one of the gateway's provider addresses; push that address or name another.`,
        ),
      );
    return;
  }
  if (policy.providerAddresses.size === 0 && domain.lookupRecords.size > 0)
    report.error(
      finding(
        head,
        '',
        'unknownProviderAddress',
        `Routing domain ${head.id} has records, but the gateway has no provider address to send from; push one.`,
      ),
    );
  const own = [...policy.providerAddresses.keys()].filter((pa) => domainIndex.peers.has(pa));
  if (own.length > 1)
    report.error(
      finding(
        head,
        'providerAddress',
        'unknownProviderAddress',
        `Routing domain ${head.id} has own-address records at ${own.map(formatIp).join(' and ')}; set its providerAddress to the one that its tunnels end at.`,
      ),
    );
}

/** A PA of the gateway is no gateway address of a subnet: whoever wrote it meant another one. */
export function checkGatewayAddresses(
  { policy, gatewaySubnets }: DomainView,
  report: Report,
): void {
  for (const record of policy.providerAddresses.values()) {
    const vsid = gatewaySubnets.get(record.address);
    if (vsid !== undefined)
      report.error(
        finding(
          record,
          'address',
          'invalidProviderAddress',
          `Provider address ${formatIp(record.address)} is the gateway address of VSID ${vsid}; give the gateway or the subnet another one.`,
        ),
      );
  }
}

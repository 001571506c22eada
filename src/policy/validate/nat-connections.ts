import type { NatConnection } from '../../model/connection.js';
import { familyOf, formatIp, type IpAddress } from '../../net/ip.js';
import { prefixAround, type DomainView } from './domain-view.js';
import { finding, type Report } from './report.js';
import { reservedBlockOfAddress } from './reserved-blocks.js';

/** The external address of a NAT connection, and where its rules forward to. */
export function checkNatConnection(
  view: DomainView,
  connection: NatConnection,
  report: Report,
): void {
  checkExternalAddress(view, connection, report);
  for (const [at, rule] of connection.rules.entries()) {
    const field = `rules/${at}/internalAddress`;
    const target = `Rule ${rule.name} of connection ${connection.id} forwards to ${formatIp(rule.internalAddress)}`;
    if (familyOf(rule.internalAddress) !== familyOf(connection.externalAddress))
      report.error(
        finding(
          connection,
          field,
          'invalidAddress',
          `${target}, which is not of the external address's family; name a VM's address of that family.`,
        ),
      );
    else if (subnetAround(view, rule.internalAddress) === undefined)
      report.error(
        finding(
          connection,
          field,
          'outsideVirtualSubnet',
          `${target}, which lies in no subnet of the routing domain; name a VM's address.`,
        ),
      );
  }
}

function checkExternalAddress(view: DomainView, connection: NatConnection, report: Report): void {
  const { externalAddress, id } = connection;
  const address = formatIp(externalAddress);
  const reserved = reservedBlockOfAddress(externalAddress);
  if (reserved !== undefined)
    report.error(
      finding(
        connection,
        'externalAddress',
        'invalidAddress',
        `External address ${address} of connection ${id} is no unicast address (${reserved}); choose another.`,
      ),
    );
  if ([...view.policy.providerAddresses.keys()].some((each) => each === externalAddress))
    report.error(
      finding(
        connection,
        'externalAddress',
        'externalAddressConflict',
        `External address ${address} of connection ${id} is a provider address of the gateway; choose another.`,
      ),
    );
  const vsid = subnetAround(view, externalAddress);
  if (vsid !== undefined)
    report.error(
      finding(
        connection,
        'externalAddress',
        'externalAddressConflict',
        `External address ${address} of connection ${id} lies in VSID ${vsid} of the same routing domain; choose one outside.`,
      ),
    );
}

function subnetAround({ domain }: DomainView, address: IpAddress): number | undefined {
  for (const subnet of domain.virtualSubnets.values())
    if (prefixAround(subnet, address) !== undefined) return subnet.vsid;
  return undefined;
}

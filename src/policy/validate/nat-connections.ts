import type { NatConnection } from '../../model/connection.js';
import { familyOf, formatIp } from '../../net/ip.js';
import { vsidAround, type DomainView } from './domain-view.js';
import { checkOutsideAddress } from './outside-addresses.js';
import { finding, type Report } from './report.js';

/** The external address of a NAT connection, and where its rules forward to. */
export function checkNatConnection(
  view: DomainView,
  connection: NatConnection,
  report: Report,
): void {
  checkOutsideAddress(view, connection, 'externalAddress', connection.externalAddress, report);
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
    else if (vsidAround(view, rule.internalAddress) === undefined)
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

import type { RemoteConnection } from '../../model/remote-connection.js';
import { familyOf, formatIp, isIpv4 } from '../../net/ip.js';
import { checkAuthentication } from './authentication.js';
import type { DomainView } from './domain-view.js';
import { checkIpsecParameters } from './ipsec-parameters.js';
import { checkOutsideAddress } from './outside-addresses.js';
import { checkLinkAddresses, checkLinkSecret } from './point-to-point.js';
import { finding, type Report } from './report.js';
import { checkTrafficSelectors } from './traffic-selectors.js';
import { checkVpnSupport } from './vpn-support.js';

/**
 * A tunnel to a remote site (G3 to G5).
 * @param changed whether it is new or says something else than before; if not, only how it gets on
 *   with what is around it is judged
 */
export function checkRemoteConnection(
  view: DomainView,
  connection: RemoteConnection,
  changed: boolean,
  report: Report,
): void {
  checkEnds(view, connection, report);
  if (connection.type === 'ikev2') checkTrafficSelectors(view, connection, report);
  else checkLinkAddresses(view, connection, report);
  if (!changed) return;
  checkVpnSupport(view.environment.vpn, connection, report);
  if (connection.type !== 'pptp') {
    checkIpsecParameters(connection, report);
    checkAuthentication(connection, report);
  }
  if (connection.type !== 'ikev2') checkLinkSecret(connection, report);
}

function checkEnds(view: DomainView, connection: RemoteConnection, report: Report): void {
  const { id, type, sourceAddress, destinationAddress } = connection;
  checkOutsideAddress(view, connection, 'sourceAddress', sourceAddress, report);
  if (type !== 'ikev2' && !isIpv4(sourceAddress))
    report.error(
      finding(
        connection,
        'sourceAddress',
        'invalidAddress',
        `Connection ${id} has the IPv6 address ${formatIp(sourceAddress)}, but ${type} runs over IPv4 only; choose an IPv4 address, or ikev2.`,
      ),
    );
  if (destinationAddress === undefined) return;
  checkOutsideAddress(view, connection, 'destinationAddress', destinationAddress, report);
  if (familyOf(destinationAddress) !== familyOf(sourceAddress))
    report.error(
      finding(
        connection,
        'destinationAddress',
        'invalidAddress',
        `Destination address ${formatIp(destinationAddress)} of connection ${id} cannot be reached from ${formatIp(sourceAddress)}; use one address family.`,
      ),
    );
  if (destinationAddress === sourceAddress)
    report.error(
      finding(
        connection,
        'destinationAddress',
        'externalAddressConflict',
        `Connection ${id} leads from ${formatIp(sourceAddress)} to itself; name the peer's address.`,
      ),
    );
}

import { isRemote, type Connection, type NatConnection } from '../../model/connection.js';
import { formatIp, type IpAddress } from '../../net/ip.js';
import type { Touched } from '../touched.js';
import { checkConnectionRoutes } from './connection-routes.js';
import type { DomainView } from './domain-view.js';
import { externalInterface, interfaceProblem } from './interfaces.js';
import { checkNatConnection } from './nat-connections.js';
import { checkRemoteConnection } from './remote-connections.js';
import { finding, type Report } from './report.js';

/** The connections of a routing domain, by themselves and among each other. */
export function checkConnections(view: DomainView, touched: Touched, report: Report): void {
  const translated = new Map<IpAddress, NatConnection>();
  for (const connection of view.domain.connections.values()) {
    checkInterface(view, connection, report);
    if (isRemote(connection))
      checkRemoteConnection(view, connection, touched.connections.has(connection), report);
    if (connection.type !== 'nat') continue;
    checkNatConnection(view, connection, report);
    const other = translated.get(connection.externalAddress);
    if (other === undefined) translated.set(connection.externalAddress, connection);
    else
      report.error(
        finding(
          connection,
          'externalAddress',
          'externalAddressConflict',
          `Connections ${other.id} and ${connection.id} both translate to ${formatIp(connection.externalAddress)}; make them one.`,
        ),
      );
  }
  checkConnectionRoutes(view, report);
}

function checkInterface(view: DomainView, connection: Connection, report: Report): void {
  const name = externalInterface(connection, view.environment);
  const problem = interfaceProblem(name, view.environment.external, 'external');
  if (problem !== undefined)
    report.error(finding(connection, 'interface', 'unknownInterface', problem));
}

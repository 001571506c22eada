import type { Problem } from '../../src/errors.js';
import { ConnectionId, type Connection } from '../../src/model/connection.js';
import { KEY_SCHEMAS } from '../change-schemas.js';
import { ConnectionSchema, type ConnectionDocument } from '../schemas.js';
import type { ConnectionDetails } from './connection-details.js';
import { formatConnectionRoutes, readConnectionRoutes } from './connection-routes.js';
import { defaultNatRoutes, formatNatConnection, readNatConnection } from './nat-connection.js';
import { readText, type Fields, type NounReader } from './reading.js';
import { formatRemoteConnection, readRemoteConnection } from './remote-connection.js';
import { isObject, shapeCheck } from './shape.js';

const hasShape = shapeCheck(ConnectionSchema);
const hasKeyShape = shapeCheck(KEY_SCHEMAS.connection);

/** @param defaultInterface the first external device, where the configuration names one */
export function connectionReader(defaultInterface: string | undefined): NounReader<Connection> {
  return (value, problems) => {
    const before = problems.length;
    const shaped = hasShape(value, problems);
    if (!isObject(value)) return undefined;
    const id = readText(problems, '/id', ConnectionId, value['id']);
    const routes = readConnectionRoutes(value['routes'], problems);
    const details = readDetails(value, problems);
    if (!shaped || problems.length > before || id === undefined || details === undefined)
      return undefined;
    const device = value.interface ?? defaultInterface;
    return {
      id,
      ...(device !== undefined && { interface: device }),
      ...(value.tcpMssClamping !== undefined && { tcpMssClamping: value.tcpMssClamping }),
      routes:
        details.type === 'nat' && value.routes === undefined
          ? defaultNatRoutes(details.externalAddress)
          : routes,
      ...details,
    };
  };
}

function readDetails(
  fields: Fields,
  problems: Problem[],
): ConnectionDetails<Connection> | undefined {
  switch (fields['type']) {
    case 'routed':
      return { type: 'routed' };
    case 'nat':
      return readNatConnection(fields, problems);
    default:
      return readRemoteConnection(fields, problems);
  }
}

/** What names a connection within its routing domain. */
export type ConnectionIdentity = Pick<Connection, 'id'>;

export const readConnectionIdentity: NounReader<ConnectionIdentity> = (value, problems) => {
  hasKeyShape(value, problems);
  if (!isObject(value)) return undefined;
  const id = readText(problems, '/id', ConnectionId, value['id']);
  return id === undefined ? undefined : { id };
};

/** Says nothing of secrets: a document that was read may be pushed again, which keeps them. */
export function formatConnection(connection: Connection): ConnectionDocument {
  return {
    id: connection.id,
    ...(connection.interface !== undefined && { interface: connection.interface }),
    ...formatDetails(connection),
    routes: formatConnectionRoutes(connection.routes),
    ...(connection.tcpMssClamping !== undefined && {
      tcpMssClamping: connection.tcpMssClamping,
    }),
  };
}

function formatDetails(connection: Connection): ConnectionDetails<ConnectionDocument> {
  switch (connection.type) {
    case 'routed':
      return { type: 'routed' };
    case 'nat':
      return formatNatConnection(connection);
    case 'ikev2':
    case 'l2tp':
    case 'pptp':
      return formatRemoteConnection(connection);
  }
}

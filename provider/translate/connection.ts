import type { Problem } from '../../src/errors.js';
import {
  ConnectionId,
  type Connection,
  type ConnectionRoute,
  type PortForwardingRule,
} from '../../src/model/connection.js';
import { familyOf, formatIp, parseIp, type IpAddress } from '../../src/net/ip.js';
import { defaultPrefix, formatPrefix, parsePrefix } from '../../src/net/prefix.js';
import { KEY_SCHEMAS } from '../change-schemas.js';
import { ConnectionSchema, type ConnectionDocument } from '../schemas.js';
import { parseCustomerAddress } from './addresses.js';
import { readText, type NounReader } from './reading.js';
import { isObject, shapeCheck } from './shape.js';

const hasShape = shapeCheck(ConnectionSchema);
const hasKeyShape = shapeCheck(KEY_SCHEMAS.connection);

/** Types of remote connections (G3 to G5): known by name, so that the answer can say more than "unknown". */
const REMOTE_TYPES: readonly unknown[] = ['ikev2', 'l2tp', 'pptp'];

/** @param defaultInterface the first external device, where the configuration names one */
export function connectionReader(defaultInterface: string | undefined): NounReader<Connection> {
  return (value, problems) => {
    if (isObject(value) && REMOTE_TYPES.includes(value['type'])) {
      problems.push({
        path: '/type',
        code: 'unsupportedConnection',
        message: `Remote connections (${String(value['type'])}) are not available on this gateway; GET /v1/capabilities says what is. Leave this connection out.`,
      });
      return undefined;
    }
    const before = problems.length;
    const shaped = hasShape(value, problems);
    if (!isObject(value)) return undefined;
    const id = readText(problems, '/id', ConnectionId, value['id']);
    const routes = readRoutes(value['routes'], problems);
    const rules = readRules(value['rules'], problems);
    const externalAddress = readText(
      problems,
      '/externalAddress',
      parseIp,
      value['externalAddress'],
    );
    if (!shaped || problems.length > before || id === undefined) return undefined;
    const device = value.interface ?? defaultInterface;
    const base = { id, ...(device !== undefined && { interface: device }) };
    if (value.type === 'routed') return { ...base, type: 'routed', routes };
    if (externalAddress === undefined) return undefined;
    return {
      ...base,
      type: 'nat',
      externalAddress,
      rules,
      routes: value.routes === undefined ? defaultRoutes(externalAddress) : routes,
    };
  };
}

/** What names a connection within its routing domain. */
export type ConnectionIdentity = Pick<Connection, 'id'>;

export const readConnectionIdentity: NounReader<ConnectionIdentity> = (value, problems) => {
  hasKeyShape(value, problems);
  if (!isObject(value)) return undefined;
  const id = readText(problems, '/id', ConnectionId, value['id']);
  return id === undefined ? undefined : { id };
};

/** A NAT connection that names no routes leads everywhere. */
function defaultRoutes(externalAddress: IpAddress): ConnectionRoute[] {
  return [{ destinationPrefix: defaultPrefix(familyOf(externalAddress)), metric: 0 }];
}

function readRoutes(value: unknown, problems: Problem[]): ConnectionRoute[] {
  const routes = new Map<string, ConnectionRoute>();
  if (!Array.isArray(value)) return [];
  for (const [index, item] of value.entries()) {
    if (!isObject(item)) continue;
    const path = `/routes/${index}`;
    const { destinationPrefix: text, metric } = item as {
      destinationPrefix?: unknown;
      metric?: unknown;
    };
    const destinationPrefix = readText(problems, `${path}/destinationPrefix`, parsePrefix, text);
    if (destinationPrefix === undefined) continue;
    const key = formatPrefix(destinationPrefix);
    if (routes.has(key))
      problems.push({
        path,
        code: 'duplicate',
        message: `The connection has a route for ${key} already. Leave one of them out.`,
      });
    routes.set(key, { destinationPrefix, metric: typeof metric === 'number' ? metric : 0 });
  }
  return [...routes.values()];
}

function readRules(value: unknown, problems: Problem[]): PortForwardingRule[] {
  const rules: PortForwardingRule[] = [];
  if (!Array.isArray(value)) return rules;
  for (const [index, item] of value.entries()) {
    if (!isObject(item)) continue;
    const rule = item as unknown as RuleDocument;
    const internalAddress = readText(
      problems,
      `/rules/${index}/internalAddress`,
      parseCustomerAddress,
      rule.internalAddress,
    );
    if (internalAddress === undefined) continue;
    const { name, protocol, externalPort, internalPort } = rule;
    rules.push({ name, protocol, externalPort, internalAddress, internalPort });
  }
  return rules;
}

type RuleDocument = NonNullable<Extract<ConnectionDocument, { type: 'nat' }>['rules']>[number];

export function formatConnection(connection: Connection): ConnectionDocument {
  const base = {
    id: connection.id,
    ...(connection.interface !== undefined && { interface: connection.interface }),
  };
  const routes = connection.routes.map((route) => ({
    destinationPrefix: formatPrefix(route.destinationPrefix),
    metric: route.metric,
  }));
  if (connection.type === 'routed') return { ...base, type: 'routed', routes };
  return {
    ...base,
    type: 'nat',
    externalAddress: formatIp(connection.externalAddress),
    rules: connection.rules.map((rule) => ({
      ...rule,
      internalAddress: formatIp(rule.internalAddress),
    })),
    routes,
  };
}

import { CustomerAddress } from '../model/addresses.js';
import type {
  Connection,
  ConnectionBase,
  ConnectionId,
  NatConnection,
  PortForwardingRule,
  TransportProtocol,
} from '../model/connection.js';
import type { TcpMss } from '../model/tcp-mss.js';
import {
  ipField,
  ipOf,
  prefixField,
  prefixOf,
  type IpField,
  type PrefixField,
} from './address-fields.js';
import { ikev2Fields, l2tpFields, pptpFields } from './remote-connection-rows.js';
import type { Row } from './store-rows.js';

type RouteField = readonly [PrefixField, number];
type RuleField = readonly [string, TransportProtocol, number, IpField, number];
type BaseFields = readonly [
  type: Connection['type'],
  id: ConnectionId,
  device: string | null,
  routes: readonly RouteField[],
];

const BASE_LENGTH = 4;

/** How many fields of its own a type has. */
const OWN_FIELDS: Readonly<Record<Connection['type'], number>> = {
  ...{ routed: 0, nat: 2, ikev2: 3, l2tp: 2, pptp: 4 },
};

/**
 * What connections of all types have comes first, then the fields of the type, then, since format
 * 4, the clamping of segments.
 */
export const connectionRow = {
  write(connection: Connection): Row {
    const base: BaseFields = [
      connection.type,
      connection.id,
      connection.interface ?? null,
      connection.routes.map((route) => [prefixField(route.destinationPrefix), route.metric]),
    ];
    return [...base, ...fieldsOfType(connection), connection.tcpMssClamping ?? null];
  },

  read(row: Row): Connection {
    const [type, id, device, routes] = row as BaseFields;
    const tcpMssClamping = (row[BASE_LENGTH + OWN_FIELDS[type]] ?? null) as TcpMss | null;
    const base: ConnectionBase = {
      id,
      ...(device !== null && { interface: device }),
      routes: routes.map(([destination, metric]) => ({
        destinationPrefix: prefixOf(destination),
        metric,
      })),
      ...(tcpMssClamping !== null && { tcpMssClamping }),
    };
    const fields = row.slice(BASE_LENGTH);
    switch (type) {
      case 'routed':
        return { type, ...base };
      case 'nat':
        return { type, ...base, ...natFields.read(fields) };
      case 'ikev2':
        return { type, ...base, ...ikev2Fields.read(fields) };
      case 'l2tp':
        return { type, ...base, ...l2tpFields.read(fields) };
      case 'pptp':
        return { type, ...base, ...pptpFields.read(fields) };
    }
  },
};

function fieldsOfType(connection: Connection): Row {
  switch (connection.type) {
    case 'routed':
      return [];
    case 'nat':
      return natFields.write(connection);
    case 'ikev2':
      return ikev2Fields.write(connection);
    case 'l2tp':
      return l2tpFields.write(connection);
    case 'pptp':
      return pptpFields.write(connection);
  }
}

const natFields = {
  write: ({ externalAddress, rules }: NatConnection): Row => [
    ipField(externalAddress),
    rules.map((rule): RuleField => [
      rule.name,
      rule.protocol,
      rule.externalPort,
      ipField(rule.internalAddress),
      rule.internalPort,
    ]),
  ],
  read(row: Row): Pick<NatConnection, 'externalAddress' | 'rules'> {
    const [external, ruleFields] = row as [IpField, readonly RuleField[]];
    return { externalAddress: ipOf(external), rules: ruleFields.map(ruleOf) };
  },
};

function ruleOf([name, protocol, externalPort, internal, internalPort]: RuleField) {
  const internalAddress = CustomerAddress(ipOf(internal));
  return {
    name,
    protocol,
    externalPort,
    internalAddress,
    internalPort,
  } satisfies PortForwardingRule;
}

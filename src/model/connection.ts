import { NvgateError } from '../errors.js';
import type { IpAddress } from '../net/ip.js';
import type { Prefix } from '../net/prefix.js';
import type { CustomerAddress } from './addresses.js';
import type { RemoteConnection } from './remote-connection.js';
import type { TcpMss } from './tcp-mss.js';

declare const brand: unique symbol;

/** Names a connection within its routing domain. */
export type ConnectionId = string & { readonly [brand]: 'ConnectionId' };

/** @throws NvgateError `invalidValue` */
export function ConnectionId(text: string): ConnectionId {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text))
    throw new NvgateError(
      'invalidValue',
      `"${text}" is not a connection id. Use 1 to 63 letters, digits, dots, dashes and underscores, a letter or digit first.`,
    );
  return text as ConnectionId;
}

/** A destination that a connection leads to. The lower metric wins. */
export interface ConnectionRoute {
  readonly destinationPrefix: Prefix;
  readonly metric: number;
}

/** What connections of all types have. */
export interface ConnectionBase {
  readonly id: ConnectionId;
  /** Name of an external device in the configuration; the first one where the policy names none. */
  readonly interface?: string;
  readonly routes: readonly ConnectionRoute[];
  /** TCP segments through the connection, both ways; as the ends want it where absent. */
  readonly tcpMssClamping?: TcpMss;
}

/** Local connection by routing (G1): the VM network's prefixes are reachable without translation. */
export interface RoutedConnection extends ConnectionBase {
  readonly type: 'routed';
}

/** Local connection by NAT (G2): source NAT to an external address, and port forwarding. */
export interface NatConnection extends ConnectionBase {
  readonly type: 'nat';
  readonly externalAddress: IpAddress;
  readonly rules: readonly PortForwardingRule[];
}

export type TransportProtocol = 'tcp' | 'udp';

/** external address:external port -> CA:port */
export interface PortForwardingRule {
  readonly name: string;
  readonly protocol: TransportProtocol;
  /** 1..65535 */
  readonly externalPort: number;
  readonly internalAddress: CustomerAddress;
  /** 1..65535 */
  readonly internalPort: number;
}

export type LocalConnection = RoutedConnection | NatConnection;
export type Connection = LocalConnection | RemoteConnection;
export type ConnectionType = Connection['type'];

export function isRemote(connection: Connection): connection is RemoteConnection {
  return connection.type !== 'routed' && connection.type !== 'nat';
}

/** The address by which the outside knows the connection; a routed one has none. */
export function externalAddressOf(connection: Connection): IpAddress | undefined {
  switch (connection.type) {
    case 'routed':
      return undefined;
    case 'nat':
      return connection.externalAddress;
    case 'ikev2':
    case 'l2tp':
    case 'pptp':
      return connection.sourceAddress;
  }
}

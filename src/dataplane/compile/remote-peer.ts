import type { Connection } from '../../model/connection.js';
import type { IpsecConnection, RemoteConnection } from '../../model/remote-connection.js';
import type { IpAddress } from '../../net/ip.js';
import { hostPrefix, type Prefix } from '../../net/prefix.js';

export function isIpsec(connection: Connection): connection is IpsecConnection {
  return connection.type === 'ikev2' || connection.type === 'l2tp';
}

/** The one address that the peer speaks from; undefined where it may be any. */
export function fixedPeer(connection: RemoteConnection): IpAddress | undefined {
  return connection.type === 'ikev2' && connection.peerAddressMayChange
    ? undefined
    : connection.destinationAddress;
}

/** What only the tunnel leads to: its routes, and the far end of a PPP link, to which pppd has a route. */
export function remotePrefixes(connection: RemoteConnection): Prefix[] {
  const prefixes = connection.routes.map(({ destinationPrefix }) => destinationPrefix);
  const end = connection.type === 'ikev2' ? undefined : connection.pointToPoint.remoteAddress;
  return end === undefined ? prefixes : [...prefixes, hostPrefix(end)];
}

/** Whether its daemon opens connections besides IKE: to revocation servers, or to a PPTP server. */
export function callsServers(connection: RemoteConnection): boolean {
  return connection.type === 'pptp' || connection.authentication.method === 'certificate';
}

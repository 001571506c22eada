import { ConnectionId } from '../../../../src/model/connection.js';
import { DEFAULT_MAIN_MODE, DEFAULT_QUICK_MODE } from '../../../../src/model/ipsec.js';
import type { Ikev2Connection, L2tpConnection } from '../../../../src/model/remote-connection.js';
import { Secret } from '../../../../src/model/secret.js';
import { parseIp } from '../../../../src/net/ip.js';
import { parsePrefix } from '../../../../src/net/prefix.js';
import type { IpsecTunnelSpec } from '../../../../src/vpn/ike/tunnel.js';

export const SECRET = 'correct horse battery';

const IPSEC = {
  id: ConnectionId('office'),
  sourceAddress: parseIp('203.0.113.1'),
  authentication: { method: 'psk', secret: new Secret(SECRET) },
  mainMode: DEFAULT_MAIN_MODE,
  quickMode: DEFAULT_QUICK_MODE,
  initiate: true,
  deadPeerDetectionSeconds: 10,
  routes: [{ destinationPrefix: parsePrefix('10.2.0.0/16'), metric: 10 }],
} as const;

const PEER = { destinationAddress: parseIp('203.0.113.2') };

/** From anybody. */
export const WAITING: Ikev2Connection = { ...IPSEC, type: 'ikev2', peerAddressMayChange: false };

export const IKEV2: Ikev2Connection = { ...WAITING, ...PEER };

export const L2TP: L2tpConnection = {
  ...IPSEC,
  ...PEER,
  type: 'l2tp',
  pointToPoint: { method: 'mschapv2', userName: 'office', secret: new Secret('in the link') },
};

export function specOf(
  connection: Ikev2Connection | L2tpConnection,
  rest: Partial<Omit<IpsecTunnelSpec, 'connection'>> = {},
): IpsecTunnelSpec {
  return {
    connection,
    localAddress: connection.sourceAddress,
    device: 'ipsec0',
    customerPrefixes: [parsePrefix('10.1.0.0/16')],
    ...rest,
  };
}

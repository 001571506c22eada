import { ConnectionId } from '../../src/model/connection.js';
import { DEFAULT_MAIN_MODE, DEFAULT_QUICK_MODE } from '../../src/model/ipsec.js';
import type {
  Ikev2Connection,
  L2tpConnection,
  PointToPoint,
  PptpConnection,
} from '../../src/model/remote-connection.js';
import { Secret } from '../../src/model/secret.js';
import { parseIp } from '../../src/net/ip.js';
import { parsePrefix } from '../../src/net/prefix.js';

/** Ends and routes of a remote connection. No destination: the gateway waits for any peer. */
export interface RemoteOptions {
  readonly source?: string;
  readonly destination?: string | null;
  readonly device?: string;
  readonly routes?: readonly string[];
  readonly metric?: number;
}

function remoteBase(id: string, options: RemoteOptions, route: string) {
  const { source = '203.0.113.20', destination = '198.51.100.2', device } = options;
  return {
    id: ConnectionId(id),
    ...(device !== undefined && { interface: device }),
    sourceAddress: parseIp(source),
    ...(destination !== null && { destinationAddress: parseIp(destination) }),
    initiate: destination !== null,
    routes: (options.routes ?? [route]).map((text) => ({
      destinationPrefix: parsePrefix(text),
      metric: options.metric ?? 10,
    })),
  };
}

const IPSEC = {
  authentication: { method: 'psk', secret: new Secret('correct horse battery staple') },
  mainMode: DEFAULT_MAIN_MODE,
  quickMode: DEFAULT_QUICK_MODE,
  deadPeerDetectionSeconds: 10,
} as const;

/** From 203.0.113.20 to 198.51.100.2, route-based, unless said otherwise. */
export function ikev2(
  id: string,
  options: RemoteOptions = {},
  fields: Partial<Ikev2Connection> = {},
): Ikev2Connection {
  return {
    type: 'ikev2',
    ...remoteBase(id, options, '10.20.0.0/16'),
    ...IPSEC,
    peerAddressMayChange: false,
    ...fields,
  };
}

const LINK: PointToPoint = {
  method: 'mschapv2',
  userName: 'blue',
  secret: new Secret('link secret'),
};

export function l2tp(
  id: string,
  options: RemoteOptions = {},
  fields: Partial<L2tpConnection> = {},
): L2tpConnection {
  return {
    type: 'l2tp',
    ...remoteBase(id, options, '10.30.0.0/16'),
    ...IPSEC,
    pointToPoint: LINK,
    ...fields,
  };
}

export function pptp(
  id: string,
  options: RemoteOptions = {},
  fields: Partial<PptpConnection> = {},
): PptpConnection {
  return {
    type: 'pptp',
    ...remoteBase(id, options, '10.40.0.0/16'),
    pointToPoint: LINK,
    ...fields,
  };
}

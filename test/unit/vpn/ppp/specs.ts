import type {
  L2tpConnection,
  PointToPoint,
  PptpConnection,
} from '../../../../src/model/remote-connection.js';
import { Secret } from '../../../../src/model/secret.js';
import { parseIp } from '../../../../src/net/ip.js';
import type { TunnelSpec } from '../../../../src/vpn/port.js';
import { l2tp, pptp, type RemoteOptions } from '../../../support/remote-connections.js';

/** What a link of an example has unless said otherwise. */
export const EXAMPLE: PointToPoint = {
  method: 'mschapv2',
  userName: 'blue',
  secret: new Secret('link secret'),
};

const ADDRESSES = { localAddress: parseIp('10.255.0.1'), remoteAddress: parseIp('10.255.0.2') };

type Fields = Partial<L2tpConnection> & Partial<PptpConnection>;

interface SpecOptions extends RemoteOptions {
  readonly pointToPoint?: Partial<PointToPoint>;
  readonly tunnelDevice?: string;
}

function spec(connection: L2tpConnection | PptpConnection, device: string): TunnelSpec {
  return {
    connection,
    localAddress: connection.sourceAddress,
    device,
    customerPrefixes: [],
  };
}

/** The gateway calls; the peer says what the addresses are. */
export function calling(
  type: 'l2tp' | 'pptp',
  id = 'office',
  { pointToPoint, tunnelDevice = `ppp-${id}`, ...options }: SpecOptions = {},
  fields: Fields = {},
): TunnelSpec {
  const link = { ...EXAMPLE, ...pointToPoint };
  const connection =
    type === 'l2tp'
      ? l2tp(id, options, { pointToPoint: link, ...(fields as Partial<L2tpConnection>) })
      : pptp(id, options, { pointToPoint: link, ...(fields as Partial<PptpConnection>) });
  return spec(connection, tunnelDevice);
}

/** The peer calls, and is given its address. */
export function waiting(
  type: 'l2tp' | 'pptp',
  id = 'office',
  options: SpecOptions = {},
  fields: Fields = {},
): TunnelSpec {
  return calling(
    type,
    id,
    { ...options, pointToPoint: { ...ADDRESSES, ...options.pointToPoint } },
    { initiate: false, ...fields },
  );
}

import type { Problem } from '../../src/errors.js';
import {
  DEFAULT_DEAD_PEER_DETECTION_SECONDS,
  type IpsecConnection,
  type RemoteConnection,
} from '../../src/model/remote-connection.js';
import { formatIp, isUnspecified, parseIp, type IpAddress } from '../../src/net/ip.js';
import type {
  Ikev2ConnectionDocument,
  L2tpConnectionDocument,
  RemoteConnectionDocument,
} from '../remote-connection-schemas.js';
import type { ConnectionDetails } from './connection-details.js';
import {
  formatTrafficSelectors,
  readMainMode,
  readQuickMode,
  readTrafficSelectors,
} from './ipsec.js';
import { formatIpsecAuthentication, readIpsecAuthentication } from './ipsec-authentication.js';
import {
  formatPointToPoint,
  formatPptpLink,
  readPointToPoint,
  readPptpLink,
} from './point-to-point.js';
import { readText, type Fields } from './reading.js';

/**
 * What is a remote connection's own. Where the shape is wrong, which was reported before, the
 * answer is undefined or of no use.
 */
export function readRemoteConnection(
  fields: Fields,
  problems: Problem[],
): ConnectionDetails<RemoteConnection> | undefined {
  const ends = readEnds(fields, problems);
  switch (fields['type']) {
    case 'ikev2': {
      const ipsec = readIpsec(fields, problems);
      const trafficSelectors = readTrafficSelectors(fields['trafficSelectors'], problems);
      if (ends === undefined || ipsec === undefined) return undefined;
      return {
        type: 'ikev2',
        ...ends,
        ...ipsec,
        peerAddressMayChange: fields['peerAddressMayChange'] === true,
        ...(trafficSelectors !== undefined && { trafficSelectors }),
      };
    }
    case 'l2tp': {
      const ipsec = readIpsec(fields, problems);
      const pointToPoint = readPointToPoint(fields['pointToPoint'], problems);
      if (ends === undefined || ipsec === undefined || pointToPoint === undefined) return undefined;
      return { type: 'l2tp', ...ends, ...ipsec, pointToPoint };
    }
    case 'pptp': {
      const pointToPoint = readPptpLink(fields['authentication'], fields['pointToPoint'], problems);
      if (ends === undefined || pointToPoint === undefined) return undefined;
      return { type: 'pptp', ...ends, pointToPoint };
    }
    default:
      return undefined;
  }
}

interface Ends {
  readonly sourceAddress: IpAddress;
  readonly destinationAddress?: IpAddress;
  readonly initiate: boolean;
}

function readEnds(fields: Fields, problems: Problem[]): Ends | undefined {
  const sourceAddress = readText(problems, '/sourceAddress', parseIp, fields['sourceAddress']);
  const { destinationAddress: text } = fields;
  const named = readText(problems, '/destinationAddress', parseIp, text);
  const destinationAddress = named === undefined || isUnspecified(named) ? undefined : named;
  const anybody = destinationAddress === undefined && (text === undefined || named !== undefined);
  if (anybody && fields['initiate'] === true)
    problems.push({
      path: '/initiate',
      code: 'invalidValue',
      message:
        'There is nobody to call. Name the peer in "destinationAddress", or leave "initiate" out and the gateway waits for it.',
    });
  if (sourceAddress === undefined) return undefined;
  return {
    sourceAddress,
    ...(destinationAddress !== undefined && { destinationAddress }),
    initiate: destinationAddress !== undefined && fields['initiate'] !== false,
  };
}

type IpsecFields = Omit<ConnectionDetails<IpsecConnection>, keyof Ends | 'type' | 'pointToPoint'>;

function readIpsec(fields: Fields, problems: Problem[]): IpsecFields | undefined {
  const authentication = readIpsecAuthentication(fields['authentication'], problems);
  const {
    localIdentity,
    remoteIdentity,
    deadPeerDetectionSeconds = DEFAULT_DEAD_PEER_DETECTION_SECONDS,
  } = fields as Partial<Ikev2ConnectionDocument | L2tpConnectionDocument>;
  return (
    authentication && {
      authentication,
      ...(localIdentity !== undefined && { localIdentity }),
      ...(remoteIdentity !== undefined && { remoteIdentity }),
      deadPeerDetectionSeconds,
      mainMode: readMainMode(fields['mainMode']),
      quickMode: readQuickMode(fields['quickMode']),
    }
  );
}

/** Without secrets and private keys. */
export function formatRemoteConnection(
  connection: RemoteConnection,
): ConnectionDetails<RemoteConnectionDocument> {
  const ends = {
    sourceAddress: formatIp(connection.sourceAddress),
    ...(connection.destinationAddress !== undefined && {
      destinationAddress: formatIp(connection.destinationAddress),
    }),
    initiate: connection.initiate,
  };
  switch (connection.type) {
    case 'ikev2':
      return {
        type: 'ikev2',
        ...ends,
        ...formatIpsec(connection),
        peerAddressMayChange: connection.peerAddressMayChange,
        ...(connection.trafficSelectors !== undefined && {
          trafficSelectors: formatTrafficSelectors(connection.trafficSelectors),
        }),
      };
    case 'l2tp':
      return {
        type: 'l2tp',
        ...ends,
        ...formatIpsec(connection),
        pointToPoint: formatPointToPoint(connection.pointToPoint),
      };
    case 'pptp':
      return { type: 'pptp', ...ends, ...formatPptpLink(connection.pointToPoint) };
  }
}

function formatIpsec({
  authentication,
  localIdentity,
  remoteIdentity,
  deadPeerDetectionSeconds,
  mainMode,
  quickMode,
}: IpsecConnection) {
  return {
    authentication: formatIpsecAuthentication(authentication),
    ...(localIdentity !== undefined && { localIdentity }),
    ...(remoteIdentity !== undefined && { remoteIdentity }),
    deadPeerDetectionSeconds,
    mainMode: { ...mainMode },
    quickMode: { ...quickMode },
  };
}

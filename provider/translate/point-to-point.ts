import type { Problem } from '../../src/errors.js';
import type { PointToPoint } from '../../src/model/remote-connection.js';
import { formatIp, parseIp } from '../../src/net/ip.js';
import type { PointToPointDocument, PptpConnectionDocument } from '../remote-connection-schemas.js';
import { readText } from './reading.js';
import { readSecret } from './secret.js';
import { isObject } from './shape.js';

type LinkAddresses = Pick<PointToPoint, 'localAddress' | 'remoteAddress'>;

/** @param value of the field `pointToPoint` of an L2TP connection, its shape checked */
export function readPointToPoint(value: unknown, problems: Problem[]): PointToPoint | undefined {
  if (!isObject(value)) return undefined;
  const { method, userName, secret } = value as PointToPointDocument;
  const addresses = readLinkAddresses(value, problems);
  return { method, userName, secret: readSecret(secret), ...addresses };
}

/** PPTP has no authentication but that of its link, so a document says it where others say theirs. */
export function readPptpLink(
  authentication: unknown,
  pointToPoint: unknown,
  problems: Problem[],
): PointToPoint | undefined {
  const addresses = readLinkAddresses(pointToPoint, problems);
  if (!isObject(authentication)) return undefined;
  const { userName, secret } = authentication as PptpConnectionDocument['authentication'];
  return { method: 'mschapv2', userName, secret: readSecret(secret), ...addresses };
}

function readLinkAddresses(value: unknown, problems: Problem[]): LinkAddresses {
  if (!isObject(value)) return {};
  const read = (name: keyof LinkAddresses) =>
    readText(problems, `/pointToPoint/${name}`, parseIp, value[name]);
  const localAddress = read('localAddress');
  const remoteAddress = read('remoteAddress');
  return {
    ...(localAddress !== undefined && { localAddress }),
    ...(remoteAddress !== undefined && { remoteAddress }),
  };
}

/** Without the secret. */
export function formatPointToPoint(link: PointToPoint): PointToPointDocument {
  return { method: link.method, userName: link.userName, ...formatLinkAddresses(link) };
}

/** Without the secret. */
export function formatPptpLink(
  link: PointToPoint,
): Pick<PptpConnectionDocument, 'authentication' | 'pointToPoint'> {
  const addresses = formatLinkAddresses(link);
  return {
    authentication: { method: 'mschapv2', userName: link.userName },
    ...(Object.keys(addresses).length > 0 && { pointToPoint: addresses }),
  };
}

function formatLinkAddresses({
  localAddress,
  remoteAddress,
}: LinkAddresses): NonNullable<PptpConnectionDocument['pointToPoint']> {
  return {
    ...(localAddress !== undefined && { localAddress: formatIp(localAddress) }),
    ...(remoteAddress !== undefined && { remoteAddress: formatIp(remoteAddress) }),
  };
}

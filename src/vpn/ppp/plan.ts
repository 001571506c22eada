import { createHash } from 'node:crypto';
import { NvgateError } from '../../errors.js';
import type { ConnectionId } from '../../model/connection.js';
import type { L2tpConnection, PptpConnection } from '../../model/remote-connection.js';
import { formatIp, isIpv4, type IpAddress, type Ipv4 } from '../../net/ip.js';
import type { TunnelSpec } from '../port.js';
import type { Link, LinkRole } from './link.js';
import { l2tpMtu, pptpMtu } from './mtu.js';
import { pppdOptions } from './pppd-options.js';
import { secretsLine, type SecretsLine } from './secrets-file.js';
import { checkCredentials } from './word.js';

/** A link as it is wanted, with what its files hold. */
export interface PlannedLink {
  readonly link: Link;
  /** By which a caller is told from others, where more than one may call. */
  readonly userName: string;
  readonly options: string;
  readonly secrets?: SecretsLine;
}

export interface PlanContext {
  /** Bytes of IP packet that the way to the peer carries. */
  readonly outerMtu: number;
  readonly allowInsecure: boolean;
}

/** The links that are wanted, and those that cannot be. */
export interface Plan {
  readonly links: ReadonlyMap<ConnectionId, PlannedLink>;
  readonly refused: ReadonlyMap<ConnectionId, NvgateError>;
}

export function planLinks(
  wanted: ReadonlyMap<ConnectionId, TunnelSpec>,
  context: PlanContext,
): Plan {
  const links = new Map<ConnectionId, PlannedLink>();
  const refused = new Map<ConnectionId, NvgateError>();
  for (const [connection, spec] of wanted)
    try {
      const planned = planLink(spec, context);
      refuseTwin(planned, [...links.values()]);
      links.set(connection, planned);
    } catch (error) {
      if (!(error instanceof NvgateError)) throw error;
      refused.set(connection, error);
    }
  return { links, refused };
}

/** @throws NvgateError for a connection that cannot have a link */
export function planLink(spec: TunnelSpec, context: PlanContext): PlannedLink {
  const { connection } = spec;
  if (connection.type === 'ikev2')
    throw new NvgateError('internal', `Connection ${connection.id} is no PPP link.`);
  if (connection.type === 'pptp' && !context.allowInsecure)
    throw new NvgateError(
      'insecureConnection',
      `Connection ${connection.id} uses pptp, which can be broken. Choose another type, or set allowInsecureVpn in the configuration.`,
    );
  const { pointToPoint } = connection;
  const role: LinkRole = connection.initiate ? 'call' : 'wait';
  checkCredentials(role, pointToPoint);
  const undigested = describe(spec, connection, role);
  const mtu =
    connection.type === 'l2tp'
      ? l2tpMtu(context.outerMtu, connection.quickMode)
      : pptpMtu(context.outerMtu);
  const options = pppdOptions({ ...undigested, digest: '' }, pointToPoint, mtu);
  const secrets = secretsLine({ ...undigested, digest: '' }, pointToPoint);
  const digest = createHash('sha256')
    .update(options)
    .update(secrets === undefined ? '' : `${secrets.file} ${secrets.text}`)
    .digest('hex');
  return {
    link: { ...undigested, digest },
    userName: pointToPoint.userName,
    options,
    ...(secrets === undefined ? {} : { secrets }),
  };
}

function describe(
  spec: TunnelSpec,
  connection: L2tpConnection | PptpConnection,
  role: LinkRole,
): Omit<Link, 'digest'> {
  const { id, type, pointToPoint, destinationAddress } = connection;
  const { localAddress, remoteAddress } = pointToPoint;
  if (role === 'wait' && (localAddress === undefined || remoteAddress === undefined))
    throw new NvgateError(
      'missingField',
      `Connection ${id} waits for its peer to call, so it has to give both ends of the link an address. Set localAddress and remoteAddress of pointToPoint.`,
    );
  const numbered = type === 'pptp' && role === 'wait';
  return {
    ...{ connection: id, type, role },
    localAddress: ipv4(id, spec.localAddress),
    ...(destinationAddress === undefined ? {} : { peer: ipv4(id, destinationAddress) }),
    ...(numbered ? {} : { device: spec.device }),
    ...(remoteAddress === undefined ? {} : { remoteAddress: ipv4(id, remoteAddress) }),
  };
}

/** xl2tpd, pptpd and pptp speak IPv4 alone. */
function ipv4(connection: ConnectionId, address: IpAddress): Ipv4 {
  if (isIpv4(address)) return address;
  throw new NvgateError(
    'invalidAddress',
    `Connection ${connection} has the address ${formatIp(address)}, but L2TP and PPTP links are between IPv4 addresses here. Choose an IPv4 address, or the type ikev2.`,
  );
}

/**
 * Which of several PPTP connections a caller is for is known by its user name, and which has come
 * up by the address that the gateway has given it.
 */
function refuseTwin({ link, userName }: PlannedLink, others: readonly PlannedLink[]): void {
  if (link.type !== 'pptp' || link.role !== 'wait') return;
  for (const other of others) {
    if (other.link.type !== 'pptp' || other.link.role !== 'wait') continue;
    const both = `Connections ${other.link.connection} and ${link.connection} both wait for PPTP callers`;
    if (other.link.remoteAddress === link.remoteAddress)
      throw new NvgateError(
        'peersNotDistinguishable',
        `${both} to give them the same address. Give each its own remoteAddress.`,
      );
    if (other.link.localAddress === link.localAddress && other.userName === userName)
      throw new NvgateError(
        'peersNotDistinguishable',
        `${both} of the same user name. Give each its own userName.`,
      );
  }
}

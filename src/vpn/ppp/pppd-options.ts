import type { PointToPoint } from '../../model/remote-connection.js';
import { formatIp, isIpv4, type IpAddress } from '../../net/ip.js';
import { logFile, optionsFile, pptpdName, seenPath } from './place.js';
import type { Link } from './link.js';
import { quoteWord } from './word.js';

type Method = PointToPoint['method'];

/**
 * The options file of the pppd of one link, or of all pppds of a pptpd, which do not know yet who
 * calls and what addresses that one has (pppd(8)).
 * @param mtu of the link, both ways
 */
export function pppdOptions(link: Link, pointToPoint: PointToPoint, mtu: number): string {
  const { device, role, type } = link;
  const options = [
    '# Written by nvgate.',
    ...(device === undefined ? [] : [`ifname ${device}`]),
    ...(role === 'call' ? ourProof(pointToPoint) : theirProof(serverName(link), pointToPoint)),
    ...(device === undefined ? ['noipdefault'] : addresses(link, pointToPoint)),
    ...(type === 'pptp' ? ENCRYPTED : PLAIN),
    ...(type === 'pptp' && role === 'call' ? dial(link) : []),
    ...common(mtu, logFile(link)),
  ];
  return `${options.join('\n')}\n`;
}

/** By which secrets files know the gateway: a peer is looked for among the secrets of its link alone. */
export function serverName(link: Link): string {
  return link.device ?? pptpdName(link.localAddress);
}

/** Both ends, as far as the gateway gives them; the rest is the peer's to say. */
function addresses(
  { role }: Link,
  { localAddress, remoteAddress }: Pick<PointToPoint, 'localAddress' | 'remoteAddress'>,
): string[] {
  return [
    // Otherwise pppd takes the address of the host's name.
    'noipdefault',
    ...(localAddress === undefined && remoteAddress === undefined
      ? []
      : [addressPair(localAddress, remoteAddress)]),
    ...(role === 'call' && localAddress === undefined ? ['ipcp-accept-local'] : []),
    ...(role === 'call' && remoteAddress === undefined ? ['ipcp-accept-remote'] : []),
  ];
}

/** `local:remote`; either may be left out. */
export function addressPair(local: IpAddress | undefined, remote: IpAddress | undefined): string {
  return `${text(local)}:${text(remote)}`;
}

function text(address: IpAddress | undefined): string {
  return address === undefined || !isIpv4(address) ? '' : formatIp(address);
}

/** The gateway proves who it is, by this method only; IPsec has proved who the peer is, or PPTP does not. */
function ourProof({ method, userName, secret }: PointToPoint): string[] {
  return [
    `user ${quoteWord(userName)}`,
    `password ${quoteWord(secret.reveal())}`,
    'noauth',
    ...METHODS.filter(([name]) => name !== method).map(([, option]) => `refuse-${option}`),
  ];
}

/** The peer proves who it is, by this method only, and the gateway proves nothing. */
function theirProof(name: string, { method }: Pick<PointToPoint, 'method'>): string[] {
  const required = METHODS.filter(([each]) => each === method);
  return [
    `name ${quoteWord(name)}`,
    'auth',
    ...required.map(([, option]) => `require-${option}`),
    ...METHODS.map(([, option]) => `refuse-${option}`),
  ];
}

/** pppd's words; those without one of ours are never used. */
const METHODS: readonly (readonly [Method | undefined, string])[] = [
  ['pap', 'pap'],
  ['chap', 'chap'],
  [undefined, 'mschap'],
  ['mschapv2', 'mschap-v2'],
  [undefined, 'eap'],
];

/** ESP encrypts what L2TP carries, and what is encrypted cannot be compressed. */
const PLAIN = ['noccp'];

/** Stateless, so that a lost packet costs no other (RFC 3078 section 8). */
const ENCRYPTED = ['require-mppe-128', 'nomppe-stateful', 'nobsdcomp', 'nodeflate'];

/** pptp speaks PPTP for pppd, which calls again for ever. No packet waits for one that came late. */
function dial(link: Link): string[] {
  if (link.peer === undefined) return [];
  const pptp = [
    '/usr/sbin/pptp',
    formatIp(link.peer),
    '--nolaunchpppd',
    '--nobuffer',
    // The routes are the gateway's.
    '--nohostroute',
    ...['--localbind', formatIp(link.localAddress)],
  ];
  return [`pty "exec ${pptp.join(' ')}"`, 'nodetach', 'persist', 'maxfail 0', 'holdoff 3'];
}

function common(mtu: number, log: string): string[] {
  return [
    `mtu ${mtu}`,
    `mru ${mtu}`,
    'noipv6',
    'nodefaultroute',
    'novj',
    'nomultilink',
    // A silent peer is found out after 20 seconds.
    'lcp-echo-interval 5',
    'lcp-echo-failure 4',
    // Nor does it hold up the end of a link, or the next try of ours.
    'lcp-max-configure 6',
    'lcp-max-terminate 1',
    'hide-password',
    `logfile ${seenPath(log)}`,
  ];
}

/** What `pppd file` and `pppoptfile` are to be given. */
export function seenOptions(link: Link): string {
  return seenPath(optionsFile(link));
}

import type { PointToPoint } from '../../model/remote-connection.js';
import { formatIp } from '../../net/ip.js';
import type { Link } from './link.js';
import { addressPair, serverName } from './pppd-options.js';
import { quoteWord } from './word.js';

/** A line of a secrets file (pppd(8), AUTHENTICATION), by which a peer may come in. */
export interface SecretsLine {
  readonly file: 'chap-secrets' | 'pap-secrets';
  readonly text: string;
}

/** The files that there may be. */
export const SECRETS_FILES = ['chap-secrets', 'pap-secrets'] as const;

/** Undefined where the gateway calls: it proves who it is, and asks nobody. */
export function secretsLine(link: Link, pointToPoint: PointToPoint): SecretsLine | undefined {
  if (link.role === 'call' || link.remoteAddress === undefined) return undefined;
  const { method, userName, secret } = pointToPoint;
  const words = [
    quoteWord(userName),
    quoteWord(serverName(link)),
    quoteWord(secret.reveal()),
    formatIp(link.remoteAddress),
  ];
  // What a pppd of pptpd cannot have been told: the options behind `--` are those of this peer.
  if (link.device === undefined)
    words.push('--', addressPair(pointToPoint.localAddress, link.remoteAddress));
  return { file: method === 'pap' ? 'pap-secrets' : 'chap-secrets', text: words.join(' ') };
}

/** The text of one of the files. */
export function secretsFile(lines: readonly SecretsLine[], file: SecretsLine['file']): string {
  const own = lines.filter((line) => line.file === file);
  return `${['# Written by nvgate.', ...own.map(({ text }) => text)].join('\n')}\n`;
}

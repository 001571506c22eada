import { formatIp, type Ipv4 } from '../../net/ip.js';
import type { Link } from './link.js';
import { seenOptions } from './pppd-options.js';

/** A section of xl2tpd.conf(5), which xl2tpd also takes at run time. */
export interface Section {
  readonly kind: 'lac' | 'lns';
  readonly name: string;
  readonly settings: readonly (readonly [key: string, value: string])[];
}

/** The part of a link in xl2tpd, with the peer where it is now. */
export function section(link: Link, peer: Ipv4): Section {
  const own = [
    ['pppoptfile', seenOptions(link)],
    // As `ipparam`, so that a pppd tells who its peer is.
    ['pass peer', 'yes'],
    // Otherwise the name of the machine.
    ['hostname', formatIp(link.localAddress)],
  ] as const;
  return link.role === 'call'
    ? {
        kind: 'lac',
        name: lacName(link),
        // Who dials again, and when, is decided elsewhere: see xl2tpd.ts.
        settings: [['lns', formatIp(peer)], ['autodial', 'no'], ['redial', 'no'], ...own],
      }
    : {
        kind: 'lns',
        // One of a name only: who has the peer's address now takes the section over.
        name: `from-${formatIp(peer)}`,
        // The addresses of the link are in the options file: those that xl2tpd assigns it would
        // hold back until it has noticed that the last call has ended.
        settings: [['lac', formatIp(peer)], ['assign ip', 'no'], ...own],
      };
}

/** Of a connection and its peer: xl2tpd takes no change of such a section. */
export function lacName({ device, peer }: Link): string {
  return `${device ?? ''}-${peer === undefined ? '' : formatIp(peer)}`;
}

/** The configuration that xl2tpd starts with. */
export function xl2tpdConf(localAddress: Ipv4, sections: readonly Section[]): string {
  return [
    '; Written by nvgate.',
    '[global]',
    `listen-addr = ${formatIp(localAddress)}`,
    'port = 1701',
    // Without it a peer that no section names is let in without authentication.
    'access control = yes',
    `max retries = ${CONTROL_RETRIES}`,
    '',
    ...sections.map(sectionText),
  ].join('\n');
}

/**
 * How often a control message is repeated: after 1, 2, 4 seconds and so on (RFC 2661 section 5.8).
 * After three a tunnel is given up 7 seconds after its peer has gone silent, and forgotten after
 * another 7, because the closing message is repeated as well.
 */
const CONTROL_RETRIES = 3;

export function sectionText({ kind, name, settings }: Section): string {
  const lines = settings.map(([key, value]) => `${key} = ${value}`);
  return `${[`[${kind} ${name}]`, ...lines].join('\n')}\n`;
}

/** Commands to the control file (xl2tpd-control(8), in xl2tpd's own letters). */
export const command = {
  add: ({ kind, name, settings }: Section): string =>
    `${kind === 'lac' ? 'a' : 'z'} ${name} ${settings.map(([key, value]) => `${key}=${value}`).join(';')}`,
  connect: (lac: string): string => `c ${lac}`,
  disconnect: (lac: string): string => `d ${lac}`,
};

/** The sections of a configuration by kind and name; of several of one name the last counts. */
export function sectionsOf(conf: string): Map<string, string> {
  const sections = conf.split(/^(?=\[)/m).slice(1);
  return new Map(
    sections.map((text) => [/^\[(.*)\]/.exec(text)?.[1] ?? '', `${text.trimEnd()}\n`]),
  );
}

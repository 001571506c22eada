/*
 * strongSwan's own configuration files, for peers that are set up by hand and not by nvgate: the
 * keys are those of strongswan.conf(5) and swanctl.conf(5).
 */

/** One section of a configuration file. */
export interface ConfSection {
  readonly [key: string]: string | number | ConfSection;
}

/** The text of a strongSwan configuration file. */
export function confText(section: ConfSection, indent = ''): string {
  return Object.entries(section)
    .map(([key, value]) =>
      typeof value === 'object'
        ? `${indent}${key} {\n${confText(value, `${indent}  `)}${indent}}\n`
        : `${indent}${key} = ${quoted(String(value))}\n`,
    )
    .join('');
}

function quoted(value: string): string {
  return /^[A-Za-z0-9.,:/_%@ -]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** Where a peer does ESP: in its kernel, or in the daemon (kernel-libipsec). */
export type PeerEsp = 'kernel' | 'userSpace';

const PLUGINS = [
  ...['random', 'nonce', 'openssl', 'pem', 'pkcs1', 'pkcs8', 'x509', 'pubkey', 'revocation'],
  ...['constraints', 'curl', 'sha1', 'sha2', 'aes', 'gcm', 'hmac', 'kdf', 'gmp', 'curve25519'],
  'mgf1',
];
const NETWORK_PLUGINS = ['kernel-netlink', 'socket-default', 'vici', 'updown', 'counters'];

/**
 * strongswan.conf of one daemon.
 * @param settings of its main section, besides what every peer has
 */
export function strongswanConf(
  paths: { readonly vici: string; readonly log: string },
  esp: PeerEsp,
  settings: ConfSection,
): string {
  const esplugins = esp === 'kernel' ? [] : ['kernel-libipsec'];
  return confText({
    'charon-systemd': {
      load: [...PLUGINS, ...esplugins, ...NETWORK_PLUGINS].join(' '),
      // Retransmits after 1, 1.5, 2.25 … seconds, so that a peer that is gone is given up soon.
      ...{ retransmit_timeout: 1, retransmit_base: 1.5, retransmit_tries: 4 },
      ...{ threads: 16, filelog: { main: { path: paths.log, default: 1, flush_line: 'yes' } } },
      plugins: { vici: { socket: `unix://${paths.vici}` } },
      ...settings,
    },
    swanctl: { load: PLUGINS.join(' ') },
  });
}

import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.js';
import type { AlgorithmSupport, IpsecDataPath, VpnSupport } from '../../model/vpn-support.js';
import { algorithmSupport } from '../ike/support.js';
import type { ViciClient } from '../vici/session.js';
import { findCharon, startCharon, stopCharon } from './charon.js';
import { removeDirectory } from './directory.js';
import type { LinkLayer, LinkSupport } from './links.js';
import { loadedPlugins } from './loaded.js';

export interface SupportOptions {
  readonly runDirectory: string;
  readonly dataPath: IpsecDataPath | { readonly unavailable: string };
  readonly links?: LinkLayer;
  readonly allowInsecure: boolean;
}

/** What IPsec can be here. */
interface IpsecSupport {
  readonly algorithms: AlgorithmSupport;
  /** Why there is none, or none that works. */
  readonly unavailable?: string;
  readonly certificates: boolean;
}

const NO_ALGORITHMS: AlgorithmSupport = {
  encryptionAlgorithms: [],
  integrityAlgorithms: [],
  diffieHellmanGroups: [],
  cipherTransformations: [],
  authenticationTransformations: [],
  perfectForwardSecrecy: [],
};

const NO_LINKS: LinkSupport = {
  unavailable: {
    l2tp: 'This gateway has nothing that speaks L2TP.',
    pptp: 'This gateway has nothing that speaks PPTP.',
  },
  authenticationMethods: [],
};

/** Begins the names of the directories of charons that are only asked. */
const PROBE = 'probe-';

/** Plugins without which no tunnel comes up, and the Debian packages that have them. */
const NEEDED: Readonly<Record<string, string>> = {
  openssl: 'libstrongswan-standard-plugins',
  'kernel-netlink': 'strongswan-libcharon',
  'socket-default': 'strongswan-libcharon',
};
const NEEDED_IN_USER_SPACE = { 'kernel-libipsec': 'libcharon-extra-plugins' };
const NEEDED_FOR_CERTIFICATES = ['pem', 'pkcs1', 'x509', 'pubkey', 'constraints'];

/** Finds out what remote connections can be, by starting a charon that talks to nobody. */
export async function probeSupport(options: SupportOptions): Promise<VpnSupport> {
  const [ipsec, links] = await Promise.all([
    probeIpsec(options),
    options.links?.support() ?? NO_LINKS,
  ]);
  const l2tp = ipsec.unavailable ?? noTransport(options) ?? links.unavailable.l2tp;
  const pptp = links.unavailable.pptp;
  return {
    ...ipsec.algorithms,
    unavailable: {
      ...(ipsec.unavailable === undefined ? {} : { ikev2: ipsec.unavailable }),
      ...(l2tp === undefined ? {} : { l2tp }),
      ...(pptp === undefined ? {} : { pptp }),
    },
    authenticationMethods: [
      ...(ipsec.unavailable === undefined ? (['psk'] as const) : []),
      ...(ipsec.certificates ? (['certificate'] as const) : []),
      ...(l2tp === undefined || pptp === undefined ? links.authenticationMethods : []),
    ],
    ...(typeof options.dataPath === 'string' ? { dataPath: options.dataPath } : {}),
    allowInsecure: options.allowInsecure,
  };
}

async function probeIpsec({ runDirectory, dataPath }: SupportOptions): Promise<IpsecSupport> {
  const none = { algorithms: NO_ALGORITHMS, certificates: false };
  if (typeof dataPath !== 'string') return { ...none, unavailable: dataPath.unavailable };
  await endEarlierProbes(runDirectory);
  const directory = await mkdtemp(join(runDirectory, PROBE));
  try {
    const charon = await startCharon({ directory, dataPath });
    try {
      return await ask(charon.vici, dataPath);
    } finally {
      await stopCharon(charon, 1_000);
    }
  } catch (error) {
    return { ...none, unavailable: messageOf(error) };
  } finally {
    await removeDirectory(directory);
  }
}

/** Those of a process that has ended in the middle of one. */
async function endEarlierProbes(runDirectory: string): Promise<void> {
  for (const name of await readdir(runDirectory)) {
    if (!name.startsWith(PROBE)) continue;
    const directory = join(runDirectory, name);
    const charon = await findCharon(directory);
    if (charon !== undefined) await stopCharon(charon, 0);
    await removeDirectory(directory);
  }
}

async function ask(vici: ViciClient, dataPath: IpsecDataPath): Promise<IpsecSupport> {
  const plugins = await loadedPlugins(vici);
  const needed = { ...NEEDED, ...(dataPath === 'userSpace' ? NEEDED_IN_USER_SPACE : {}) };
  const missing = Object.entries(needed)
    .filter(([plugin]) => !plugins.has(plugin))
    .map(([plugin, debianPackage]) => `${plugin} (package ${debianPackage})`);
  return {
    algorithms: algorithmSupport(await vici.request('get-algorithms'), dataPath),
    certificates:
      missing.length === 0 && NEEDED_FOR_CERTIFICATES.every((plugin) => plugins.has(plugin)),
    ...(missing.length === 0
      ? {}
      : { unavailable: `strongSwan lacks plugins: ${missing.join(', ')}. Install them.` }),
  };
}

/** libipsec has tunnel mode only; L2TP is protected by transport mode (RFC 3193). */
function noTransport({ dataPath }: SupportOptions): string | undefined {
  return dataPath === 'userSpace'
    ? 'L2TP needs ESP transport mode, which only the kernel has, and this kernel has no ESP.'
    : undefined;
}

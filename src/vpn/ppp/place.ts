import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NvgateError } from '../../errors.js';
import { ConnectionId } from '../../model/connection.js';
import { formatIp, type Ipv4 } from '../../net/ip.js';
import type { DaemonCommand } from '../daemon/process.js';
import { makeDirectory } from '../strongswan/directory.js';
import type { Link } from './link.js';

/*
 * <domain's directory>/ppp/            0700; the daemons see it as /etc/ppp
 *   chap-secrets, pap-secrets          of all links that wait for their peer
 *   link-<connection>.record           what was set up (link.ts)
 *   link-<connection>.options, .log    for its pppd; what that says
 *   l2tp-<address>.conf, .control      xl2tpd at a local address
 *   pptpd-<address>.conf, .options, .log   pptpd at a local address, and all its pppds
 *   <daemon>.pid, <daemon>.output
 *   run/                               the daemons see it as /run
 */

/** Where the PPP daemons of a routing domain live. */
export interface PppPlace {
  /** The directory `ppp`. */
  readonly directory: string;
  readonly networkNamespace: string;
}

/**
 * pppd has its secrets at fixed paths, and xl2tpd cuts paths off after 99 characters: both see the
 * domain's directory here.
 */
const SEEN_DIRECTORY = '/etc/ppp';

/** The path by which the daemons know a file of the directory. */
export function seenPath(name: string): string {
  return `${SEEN_DIRECTORY}/${name}`;
}

/**
 * What all daemons of the domain have in common. Their /run is their own because pptp finds
 * its other half there by the peer's address, which another routing domain may use too.
 */
export function pppCommand({
  directory,
  networkNamespace,
}: PppPlace): Pick<DaemonCommand, 'directory' | 'networkNamespace' | 'bindMounts'> {
  return {
    directory,
    networkNamespace,
    bindMounts: [
      { source: directory, target: SEEN_DIRECTORY },
      { source: runDirectory(directory), target: '/run' },
    ],
  };
}

export async function makePlace({ directory }: PppPlace): Promise<void> {
  await makeDirectory(directory);
  await makeDirectory(runDirectory(directory));
}

function runDirectory(directory: string): string {
  return join(directory, 'run');
}

/** The daemon that carries a link. */
export function carrierName(
  link: Pick<Link, 'type' | 'role' | 'connection' | 'localAddress'>,
): string {
  if (link.type === 'l2tp') return xl2tpdName(link.localAddress);
  return link.role === 'wait' ? pptpdName(link.localAddress) : `pptp-${link.connection}`;
}

export function xl2tpdName(address: Ipv4): string {
  return `l2tp-${formatIp(address)}`;
}

/** Also the name by which it is known in secrets files. */
export function pptpdName(address: Ipv4): string {
  return `pptpd-${formatIp(address)}`;
}

/** The prefix keeps an id from being the name of another file. */
const LINK = 'link-';
const RECORD = '.record';

export function recordFile(connection: ConnectionId): string {
  return `${LINK}${connection}${RECORD}`;
}

/** The options of the pppds that serve a link: those of its pptpd where they cannot know whom. */
export function optionsFile(link: Pick<Link, 'connection' | 'device' | 'localAddress'>): string {
  return `${pppdName(link)}.options`;
}

/** What they say. */
export function logFile(link: Pick<Link, 'connection' | 'device' | 'localAddress'>): string {
  return `${pppdName(link)}.log`;
}

function pppdName(link: Pick<Link, 'connection' | 'device' | 'localAddress'>): string {
  return link.device === undefined ? pptpdName(link.localAddress) : `${LINK}${link.connection}`;
}

/** Names of daemons that have run here and were not ended in order. */
export async function daemonsIn(directory: string): Promise<string[]> {
  return namesIn(directory, '.pid');
}

/** The connections of which there are records. */
export async function recordsIn(directory: string): Promise<ConnectionId[]> {
  const names = await namesIn(directory, RECORD);
  return names
    .filter((name) => name.startsWith(LINK))
    .flatMap((name) => connectionNamed(name.slice(LINK.length)) ?? []);
}

function connectionNamed(name: string): ConnectionId | undefined {
  try {
    return ConnectionId(name);
  } catch {
    return undefined;
  }
}

async function namesIn(directory: string, suffix: string): Promise<string[]> {
  try {
    const entries = await readdir(directory);
    return entries
      .filter((entry) => entry.endsWith(suffix))
      .map((entry) => entry.slice(0, -suffix.length));
  } catch (error) {
    if (isMissing(error)) return [];
    throw unreadable(directory, error);
  }
}

/** Replaces a file as a whole: whoever reads it sees the old text or the new one. */
export async function replaceFile(directory: string, name: string, text: string): Promise<void> {
  const path = join(directory, name);
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Undefined where there is no such file. */
export async function readText(directory: string, name: string): Promise<string | undefined> {
  const path = join(directory, name);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable(path, error);
  }
}

export async function removeFiles(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(directory, name), { force: true });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function unreadable(path: string, error: unknown): NvgateError {
  return new NvgateError('vpnDaemonFailed', `${path} cannot be read; remove it and try again.`, {
    cause: error,
  });
}

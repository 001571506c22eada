import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NvgateError } from '../../errors.js';
import { RoutingDomainId } from '../../model/routing-domain-id.js';

/*
 * <run directory>/digest.key       what the digests in connection names are keyed with
 * <run directory>/<RDID>/          0700: strongswan.conf, charon.vici, charon.pid, charon.output
 */

/** Where the daemons of a routing domain have their files. */
export function domainDirectory(runDirectory: string, domain: RoutingDomainId): string {
  return join(runDirectory, domain);
}

export async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

/** The routing domains that have a directory, with or without a daemon. */
export async function domainsOnDisk(runDirectory: string): Promise<RoutingDomainId[]> {
  const entries = await readdir(runDirectory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && isRoutingDomainId(entry.name))
    .map((entry) => RoutingDomainId(entry.name));
}

function isRoutingDomainId(name: string): boolean {
  try {
    return RoutingDomainId(name) === name;
  } catch {
    return false;
  }
}

const KEY_BYTES = 32;

/**
 * The key of this run directory, made where there is none. It lives as long as the daemons may: on
 * a file system that a boot empties.
 */
export async function digestKey(runDirectory: string): Promise<Uint8Array> {
  const path = join(runDirectory, 'digest.key');
  const there = await keyIn(path);
  if (there !== undefined) return there;
  const temporary = `${path}.new`;
  const key = randomBytes(KEY_BYTES);
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(key);
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  return key;
}

async function keyIn(path: string): Promise<Uint8Array | undefined> {
  try {
    const key = await readFile(path);
    return key.length === KEY_BYTES ? key : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new NvgateError('vpnDaemonFailed', `${path} cannot be read; remove it and try again.`, {
      cause: error,
    });
  }
}

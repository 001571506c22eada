import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run, tryRun, type CommandResult } from '../../support/process.js';
import { atExit } from '../../support/process-owner.js';
import { extractVmlinux } from './vmlinux.js';

/** A kernel that a machine can be started with. */
export interface KernelImage {
  /** As `uname -r` prints it. */
  readonly release: string;
  /** Path of the uncompressed kernel. */
  readonly vmlinux: string;
  /** Directory below which `lib/modules/<release>` has the modules. */
  readonly root: string;
}

/** Why there is no kernel to be had here; the tests that need one are skipped then. */
export class KernelUnavailable extends Error {}

/** Survives builds and runs: the package has 70 MB. */
const CACHE = resolve('node_modules/.cache/nvgate-kernel');

/** Debian's package that depends on the newest kernel of the release. */
const META_PACKAGE = 'linux-image-amd64';

/**
 * What of the package is kept: of the drivers those for networks and for the machine itself. PPP
 * needs a part of SLIP.
 */
const WANTED = [
  './boot/vmlinuz-*',
  './lib/modules/*/modules.*',
  ...['arch', 'crypto', 'fs', 'lib', 'net'].map((name) => `./lib/modules/*/kernel/${name}`),
  ...['block', 'net/*.ko', 'net/ppp', 'net/slip', 'virtio'].map(
    (name) => `./lib/modules/*/kernel/drivers/${name}`,
  ),
];

/** Tells what is in the cache from what another {@link WANTED} has made. */
const RECIPE = createHash('sha256').update(WANTED.join()).digest('hex').slice(0, 8);

/** Time for 70 MB over a slow network. */
const DOWNLOAD_TIMEOUT = 300_000;

/**
 * The newest stock kernel that apt knows, from the cache where it is there already.
 * @throws KernelUnavailable where this machine cannot get it
 */
export async function provideKernel(): Promise<KernelImage> {
  const known = await newestRelease();
  if (known !== undefined && isCached(known)) return cached(known);
  mkdirSync(CACHE, { recursive: true });
  const directory = mkdtempSync(join(CACHE, 'partial-'));
  const forget = atExit(() => rmSync(directory, { recursive: true, force: true }));
  try {
    const release = await download(directory, known);
    if (!isCached(release)) {
      await unpack(directory, release);
      keep(directory, release);
    }
    return cached(release);
  } catch (error) {
    const older = cachedReleases().sort().pop();
    if (error instanceof KernelUnavailable && older !== undefined) return cached(older);
    throw error;
  } finally {
    rmSync(directory, { recursive: true, force: true });
    forget();
  }
}

function cached(release: string): KernelImage {
  const root = join(CACHE, `${release}-${RECIPE}`);
  return { release, root, vmlinux: join(root, 'vmlinux') };
}

function isCached(release: string): boolean {
  return existsSync(cached(release).vmlinux);
}

function cachedReleases(): string[] {
  return readdirSync(CACHE)
    .filter((name) => name.endsWith(`-${RECIPE}`))
    .map((name) => name.slice(0, -RECIPE.length - 1));
}

async function newestRelease(): Promise<string | undefined> {
  const { stdout } = await tryRun('apt-cache', ['show', '--no-all-versions', META_PACKAGE]);
  return /^Depends: linux-image-(\S+)/m.exec(stdout)?.[1];
}

/**
 * Downloads the kernel's package into the directory. Package lists that are there are mostly good
 * enough; if not, they are fetched first.
 */
async function download(directory: string, known: string | undefined): Promise<string> {
  const fetch = (release: string): Promise<CommandResult> =>
    tryRun(
      'apt-get',
      ['download', '-q', '-o', 'APT::Sandbox::User=root', `linux-image-${release}`],
      { cwd: directory, timeout: DOWNLOAD_TIMEOUT },
    );
  if (known !== undefined && (await fetch(known)).status === 0) return known;
  const update = await tryRun('apt-get', ['update', '-q'], { timeout: DOWNLOAD_TIMEOUT });
  const release = await newestRelease();
  if (release === undefined)
    throw new KernelUnavailable(
      `apt knows no package ${META_PACKAGE} (${lastLine(update.stderr)})`,
    );
  const { status, stderr } = await fetch(release);
  if (status !== 0)
    throw new KernelUnavailable(`linux-image-${release} cannot be fetched: ${lastLine(stderr)}`);
  return release;
}

function lastLine(text: string): string {
  return text.trim().split('\n').pop() ?? '';
}

async function unpack(directory: string, release: string): Promise<void> {
  const extract = 'dpkg-deb --fsys-tarfile ./*.deb | tar -x --no-wildcards-match-slash --wildcards';
  await run('bash', ['-o', 'pipefail', '-ec', `${extract} "$@"; rm ./*.deb`, 'bash', ...WANTED], {
    ...{ cwd: directory, timeout: 120_000 },
  });
  await run('depmod', ['-b', directory, release]);
  const image = join(directory, 'boot', `vmlinuz-${release}`);
  await extractVmlinux(image, join(directory, 'vmlinux'));
  rmSync(join(directory, 'boot'), { recursive: true });
}

/** In one step, so that what is in the cache is whole. Older kernels go. */
function keep(directory: string, release: string): void {
  for (const name of readdirSync(CACHE))
    if (!name.startsWith('partial-')) rmSync(join(CACHE, name), { recursive: true });
  renameSync(directory, cached(release).root);
}

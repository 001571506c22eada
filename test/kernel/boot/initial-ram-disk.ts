import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { run } from '../../support/process.js';
import type { KernelImage } from './kernel-package.js';

/** What the machine needs to see its root: the host's file system, under one that can be written. */
const MODULES = ['virtio_pci', '9p', '9pnet_virtio', 'overlay'];

const INIT = resolve('test/kernel/boot/init.sh');
const BUSYBOX = '/bin/busybox';

/**
 * Builds the initial RAM disk in the directory: busybox, the modules in the order in which they
 * load, and init.sh.
 * @returns path of the archive
 */
export async function buildInitialRamDisk(kernel: KernelImage, directory: string): Promise<string> {
  const root = join(directory, 'initrd');
  const modules = join(root, 'modules');
  mkdirSync(modules, { recursive: true });
  mkdirSync(join(root, 'bin'));
  copyFileSync(BUSYBOX, join(root, 'bin', 'busybox'));
  copyFileSync(INIT, join(root, 'init'));
  for (const [index, path] of (await loadOrder(kernel)).entries())
    copyFileSync(path, join(modules, `${String(index).padStart(2, '0')}-${basename(path)}`));
  const archive = join(directory, 'initrd.gz');
  const pack = 'find . | cpio --create --format=newc --quiet | gzip -1 > "$1"';
  await run('bash', ['-o', 'pipefail', '-ec', `chmod 755 init; ${pack}`, 'bash', archive], {
    cwd: root,
  });
  return archive;
}

/** Paths of the modules and of those that they need, each behind what it needs. */
async function loadOrder({ root, release }: KernelImage): Promise<string[]> {
  const options = ['--dirname', root, '--set-version', release, '--show-depends', '--all'];
  const lines = (await run('modprobe', [...options, ...MODULES])).split('\n');
  const paths = lines.flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []);
  return [...new Set(paths)];
}

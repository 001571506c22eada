import { start, type Background } from '../../support/process.js';
import type { KernelImage } from './kernel-package.js';

export interface MachineOptions {
  readonly kernel: KernelImage;
  /** Path of the initial RAM disk. */
  readonly initialRamDisk: string;
  /** Directory that the guest can write to: it is mounted on /run/share there. */
  readonly share: string;
}

export const QEMU = 'qemu-system-x86_64';

const KERNEL_PARAMETERS = 'console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable';

/**
 * Starts a machine that sees the host's files, read-only, and the share. It has two processors, all
 * of them emulated, and no network. Its console is the standard output; it ends when the guest
 * switches it off or panics, at the latest with this process.
 */
export function startMachine({ kernel, initialRamDisk, share }: MachineOptions): Background {
  const directory = (id: string, path: string, ...more: readonly string[]): string[] => [
    ...['-fsdev', ['local', `id=${id}`, `path=${path}`, 'security_model=none', ...more].join(',')],
    ...['-device', `virtio-9p-pci,fsdev=${id},mount_tag=${id}`],
  ];
  return start(QEMU, [
    ...['-M', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '2048'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-serial', 'stdio', '-no-reboot'],
    ...['-kernel', kernel.vmlinux, '-initrd', initialRamDisk, '-append', KERNEL_PARAMETERS],
    ...directory('root', '/', 'readonly=on', 'multidevs=remap'),
    ...directory('share', share),
  ]);
}

import { statfsSync } from 'node:fs';
import { messageOf, NvgateError } from '../errors.js';

/** BPF_FS_MAGIC (linux/magic.h) */
const BPF_FS_MAGIC = 0xcafe4a11;

/**
 * Maps must be pinned where they outlive the process.
 * @throws NvgateError `kernelFeatureMissing`
 */
export function requireBpfFileSystem(directory: string): void {
  let type: number;
  try {
    type = statfsSync(directory).type;
  } catch (error) {
    throw new NvgateError(
      'kernelFeatureMissing',
      `bpfDirectory ${directory} cannot be read: ${messageOf(error)}. Make it and mount a bpf file system there.`,
      { cause: error },
    );
  }
  if (type !== BPF_FS_MAGIC)
    throw new NvgateError(
      'kernelFeatureMissing',
      `bpfDirectory ${directory} is not a bpf file system. Mount one: mount -t bpf bpf ${directory}`,
    );
}

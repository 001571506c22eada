import { NvgateError } from '../../errors.js';
import { run } from './run.js';

/** The receive queues of a device, and the processors that each hands its packets to. */
export interface ReceiveQueues {
  readonly device: string;
  /** Name of the queue (`rx-0`) -> its `rps_cpus`: a mask, hexadecimal, in words of 32 bits. */
  readonly masks: ReadonlyMap<string, string>;
}

/** What becomes of the receive queues of a device. */
export interface SteeringPlan {
  readonly device: string;
  /** `queues/rx-N/rps_cpus` to be written; none where nothing is to be done. */
  readonly queues: readonly string[];
  /** Why nothing is to be done. */
  readonly because?: 'steered' | 'operator' | 'ownQueues' | 'oneProcessor';
}

/**
 * Receive packet steering (Linux, Documentation/networking/scaling.rst): a processor that takes a
 * packet from a device hands it to another one by the hash of its flow, for NVGRE the flow inside.
 * So the flows between one host and the gateway use all processors, although a network card that
 * hashes only outer addresses brings them to one.
 *
 * A device with several queues of its own is left alone unless `always`: mostly the card has spread
 * the packets then, and handing them on costs. What an operator has set is never touched.
 */
export function planSteering(
  { device, masks }: ReceiveQueues,
  mode: 'auto' | 'always',
  processors: number,
): SteeringPlan {
  const set = [...masks.values()].filter((mask) => !isEmptyMask(mask));
  if (processors < 2) return { device, queues: [], because: 'oneProcessor' };
  if (set.length > 0) {
    const ours = set.every((mask) => sameMask(mask, maskOf(processors)));
    return { device, queues: [], because: ours ? 'steered' : 'operator' };
  }
  if (mode === 'auto' && masks.size > 1) return { device, queues: [], because: 'ownQueues' };
  return { device, queues: [...masks.keys()] };
}

/** The first so many processors as the kernel writes a mask: `3`, `ffffffff,ffffffff`. */
export function maskOf(processors: number): string {
  const words: string[] = [];
  for (let left = processors; left > 0; left -= 32)
    words.unshift(left >= 32 ? 'ffffffff' : (2 ** left - 1).toString(16));
  return words.join(',');
}

function isEmptyMask(mask: string): boolean {
  return /^[0,]*$/.test(mask);
}

function sameMask(a: string, b: string): boolean {
  const digits = (mask: string): string => mask.replaceAll(',', '').replace(/^0+/, '');
  return digits(a) === digits(b);
}

/**
 * The queues of those devices that are there, in the network namespace of this process.
 * @throws NvgateError `kernelOperationFailed` where sysfs cannot be mounted or read
 */
export async function readReceiveQueues(devices: readonly string[]): Promise<ReceiveQueues[]> {
  const found = new Map<string, Map<string, string>>();
  for (const line of (await inSysfs(READ, devices)).split('\n')) {
    const [device, queue, mask] = line.split(' ');
    if (device === undefined || queue === undefined || mask === undefined) continue;
    const masks = found.get(device) ?? new Map<string, string>();
    found.set(device, masks.set(queue, mask));
  }
  return Array.from(found, ([device, masks]) => ({ device, masks }));
}

/** @throws NvgateError `kernelOperationFailed` where the kernel does not take it */
export async function steer(plans: readonly SteeringPlan[], processors: number): Promise<void> {
  const files = plans.flatMap(({ device, queues }) =>
    queues.map((queue) => `${device}/queues/${queue}/rps_cpus`),
  );
  if (files.length > 0) await inSysfs(WRITE, [maskOf(processors), ...files]);
}

/*
 * A mount of sysfs shows the devices of the network namespace in which it was mounted, which need
 * not be this process's. The commands mount one for themselves, out of everybody's sight.
 */
const MOUNT = 'mount -t sysfs -o nosuid,nodev,noexec sysfs /sys && cd /sys/class/net || exit 1';
const READ = `${MOUNT}
for device; do
  for queue in "$device"/queues/rx-*; do
    [ -e "$queue/rps_cpus" ] && echo "$device \${queue##*/} $(cat "$queue/rps_cpus")"
  done
done
exit 0`;
const WRITE = `${MOUNT}
mask=$1; shift
for file; do echo "$mask" > "$file" || exit 1; done`;

async function inSysfs(script: string, args: readonly string[]): Promise<string> {
  const command = ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...args];
  const { exitCode, stdout, stderr } = await run({ file: 'unshare', args: command });
  if (exitCode === 0) return stdout;
  throw new NvgateError(
    'kernelOperationFailed',
    `Receive steering cannot be looked at or set: ${stderr.trim() || `exit ${exitCode}`}. Allow mounts to the gateway, set rps_cpus of its devices otherwise, or choose receiveSteering: never.`,
  );
}

import { readFile } from 'node:fs/promises';
import { ipToBytes, type Ipv4 } from '../../net/ip.js';
import type { Link } from './link.js';

/** PPP devices of a routing domain's namespace, and which of them carry packets. */
export interface Interfaces {
  /** Every device; pppd makes one as soon as it begins to negotiate. */
  readonly devices: ReadonlySet<string>;
  readonly routes: readonly DeviceRoute[];
}

export interface DeviceRoute {
  readonly device: string;
  /** As the kernel prints them: hexadecimal, the bytes in the order of the machine. */
  readonly destination: string;
  readonly mask: string;
}

export const NO_INTERFACES: Interfaces = { devices: new Set(), routes: [] };

/**
 * What the network namespace of a process has (proc(5), /proc/[pid]/net); nothing where there is
 * no such process.
 */
export async function readInterfaces(pid: number): Promise<Interfaces> {
  try {
    return parseInterfaces(
      await readFile(`/proc/${pid}/net/dev`, 'utf8'),
      await readFile(`/proc/${pid}/net/route`, 'utf8'),
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error && GONE.includes(error.code))
      return NO_INTERFACES;
    throw error;
  }
}

const GONE: readonly unknown[] = ['ENOENT', 'ESRCH', 'EINVAL'];

/** @param dev /proc/net/dev @param route /proc/net/route */
export function parseInterfaces(dev: string, route: string): Interfaces {
  const devices = [...dev.matchAll(/^ *([^\s:]+):/gm)].flatMap(([, name]) => name ?? []);
  const routes = route
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .flatMap(([device, destination, , , , , , mask]) =>
      device === undefined || destination === undefined || mask === undefined
        ? []
        : [{ device: device.trim(), destination, mask }],
    );
  return { devices: new Set(devices), routes };
}

/**
 * The device of a link that is up: with the addresses that PPP has agreed on comes a route to the
 * far end, and with them it goes.
 */
export function deviceUp(
  { routes }: Interfaces,
  { device, remoteAddress }: Pick<Link, 'device' | 'remoteAddress'>,
): string | undefined {
  if (device !== undefined) return routes.find((route) => route.device === device)?.device;
  if (remoteAddress === undefined) return undefined;
  const destination = hexadecimal(remoteAddress);
  return routes.find(
    (route) =>
      /^ppp\d+$/.test(route.device) &&
      route.destination === destination &&
      route.mask === HOST_MASK,
  )?.device;
}

const HOST_MASK = 'FFFFFFFF';

/** The machines that this runs on have the lowest byte first. */
function hexadecimal(address: Ipv4): string {
  return Buffer.from(ipToBytes(address)).reverse().toString('hex').toUpperCase();
}

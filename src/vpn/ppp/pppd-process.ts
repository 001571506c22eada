import { readdir, readFile, stat } from 'node:fs/promises';
import { parseIp, isIpv4, type Ipv4 } from '../../net/ip.js';
import { isRunning, stopDaemon, type Daemon } from '../daemon/process.js';
import { readText, seenPath, type PppPlace } from './place.js';

/** A pppd of a routing domain. */
export interface Pppd {
  readonly daemon: Daemon;
  readonly args: readonly string[];
}

/** All pppds in the place's network namespace, whoever has started them, the oldest first. */
export async function findPppds({ networkNamespace }: PppPlace): Promise<Pppd[]> {
  const namespace = await namespaceId(networkNamespace);
  if (namespace === undefined) return [];
  const found: Pppd[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || (await lookInto(`/proc/${pid}/comm`)) !== 'pppd\n') continue;
    if ((await namespaceId(`/proc/${pid}/ns/net`)) !== namespace) continue;
    const pppd = await readPppd(Number(pid));
    if (pppd !== undefined) found.push(pppd);
  }
  return found.sort((a, b) => a.daemon.startTime - b.daemon.startTime);
}

/** Whether it was started with an options file, named as in the directory. */
export function usesOptions({ args }: Pppd, file: string): boolean {
  return args.some((word, index) => word === 'file' && args[index + 1] === seenPath(file));
}

/** Where its peer is, as whoever started it has said. */
export function peerOf({ args }: Pppd): Ipv4 | undefined {
  const text = args[args.lastIndexOf('ipparam') + 1];
  if (!args.includes('ipparam') || text === undefined || !/^[\d.]+$/.test(text)) return undefined;
  const address = parseIp(text);
  return isIpv4(address) ? address : undefined;
}

/** The pppd that holds a device. */
export async function pppdOfDevice(
  { directory }: Pick<PppPlace, 'directory'>,
  device: string,
): Promise<Pppd | undefined> {
  const pid = /^\d+\n/.exec((await readText(directory, `run/${device}.pid`)) ?? '')?.[0];
  if (pid === undefined || (await lookInto(`/proc/${pid.trim()}/comm`)) !== 'pppd\n')
    return undefined;
  return readPppd(Number(pid));
}

/**
 * Ends pppds. One that hangs up in order sends a message first; whether the peer hears it is not
 * worth a second.
 */
export async function endPppds(pppds: readonly Pppd[]): Promise<void> {
  await Promise.all(pppds.map(({ daemon }) => stopDaemon(daemon, PATIENCE)));
}

const PATIENCE = 800;

async function readPppd(pid: number): Promise<Pppd | undefined> {
  const words = (await lookInto(`/proc/${pid}/cmdline`)).split('\0');
  const line = await lookInto(`/proc/${pid}/stat`);
  // The command name in parentheses may hold blanks; field 3 is the first one behind it.
  const startTime = Number(line.slice(line.lastIndexOf(') ') + 2).split(' ')[19]);
  const daemon: Daemon = { pid, startTime };
  return (await isRunning(daemon)) ? { daemon, args: words } : undefined;
}

/** Device and inode: what a namespace is told by (namespaces(7)). */
async function namespaceId(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined; // The process or the namespace has gone.
  }
}

/** A file of a process that may end at any moment; empty then. */
async function lookInto(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}

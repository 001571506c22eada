import { readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Namespace } from './namespace.js';
import { parseSas, type PeerIkeSa } from './office-sas.js';
import { tryRun, type CommandResult } from './process.js';

/** The strongSwan that the gateway runs for one VM network, seen and prodded from outside. */
export interface GatewayCharon {
  readonly pid: number;
  /** strongSwan's own tool, which needs nothing of nvgate. */
  swanctl(...args: readonly string[]): Promise<CommandResult>;
  sas(): Promise<PeerIkeSa[]>;
}

/** pids of the processes with that name in a namespace; none where there is no such namespace. */
export async function pidsOf(namespace: Namespace, program: string): Promise<number[]> {
  const { stdout } = await tryRun('ip', ['netns', 'pids', namespace.name]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)
    .filter((pid) => programOf(pid) === program);
}

/** Absolute path of what a process runs; empty where it has ended. */
function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}

export const CHARON = '/usr/sbin/charon-systemd';

/** @throws Error where not exactly one charon runs in the namespace */
export async function gatewayCharon(namespace: Namespace): Promise<GatewayCharon> {
  const [pid, ...others] = await pidsOf(namespace, CHARON);
  if (pid === undefined || others.length > 0)
    throw new Error(`${namespace.name} has ${pid === undefined ? 'no' : 'more than one'} charon.`);
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  const conf = environment.find((each) => each.startsWith('STRONGSWAN_CONF='))?.split('=')[1] ?? '';
  const socket = `unix://${join(dirname(conf), 'charon.vici')}`;
  const swanctl = (...args: readonly string[]): Promise<CommandResult> =>
    tryRun('swanctl', [...args, '--uri', socket]);
  return {
    pid,
    swanctl,
    sas: async () => parseSas((await swanctl('--list-sas', '--raw', '--pretty')).stdout),
  };
}

/** Proportional set size of a process, bytes (proc(5), smaps_rollup). */
export function proportionalSetSize(pid: number): number {
  const kibibytes = /^Pss:\s+(\d+) kB/m.exec(
    readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'),
  )?.[1];
  return Number(kibibytes) * 1024;
}

import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OWN_INSTANCES } from '../support/gateway-instance.js';
import { OWNER_TAG } from '../support/process-owner.js';

const NETNS_DIRECTORY = '/run/netns';

/** Where things with a name of ours could lie: namespaces, mount points, files, pins. */
const PLACES = [NETNS_DIRECTORY, '/run', tmpdir(), '/sys/fs/bpf'];

/** Namespaces that this process has now, by which processes in them are found later. */
export type Footprint = ReadonlySet<string>;

export function takeFootprint(): Footprint {
  const names = list(NETNS_DIRECTORY).filter(isOurs);
  return new Set(names.map((name) => `net:[${statSync(join(NETNS_DIRECTORY, name)).ino}]`));
}

/**
 * Everything of this process that is still on the machine: namespaces, processes, mounts, pins and
 * files.
 */
export function leftovers(footprint: Footprint): string[] {
  return [
    ...PLACES.flatMap((place) =>
      list(place)
        .filter(isOurs)
        .map((name) => join(place, name)),
    ),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
      .filter((mountPoint) => mountPoint.includes(OWNER_TAG))
      .map((mountPoint) => `mount ${mountPoint}`),
    ...list('/proc')
      .filter((name) => /^\d+$/.test(name) && isOurProcess(name, footprint))
      .map((pid) => `process ${pid}`),
  ];
}

function isOurs(name: string): boolean {
  return name.startsWith(`${OWNER_TAG}-`) || name.startsWith(OWN_INSTANCES);
}

/** In one of our namespaces, or a child of this process. */
function isOurProcess(pid: string, footprint: Footprint): boolean {
  try {
    if (footprint.has(readlinkSync(`/proc/${pid}/ns/net`))) return true;
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()?.split(' ');
    return fields?.[1] === String(process.pid);
  } catch {
    return false; // It has ended.
  }
}

function list(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

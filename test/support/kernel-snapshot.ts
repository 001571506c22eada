import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Gateway } from './gateway.js';
import { gatewayNamespaces } from './gateway-instance.js';
import { foreignNamespace, runIn, type Namespace } from './namespace.js';
import { run } from './process.js';

/** The policy's maps, as opposed to counters and events, which move by themselves. */
const POLICY_MAPS = [
  'provider_addresses',
  'virtual_subnets',
  'lookup_records',
  'customer_routes',
  'provider_peers',
  'external_ends',
] as const;
export type PolicyMap = (typeof POLICY_MAPS)[number];

/**
 * Everything in the kernel that the gateway and its routing domains have, by what tells it, with
 * the kernel's own numbers (device index, rule handle, program id): what was removed and made
 * again shows as a difference.
 */
export async function kernelSnapshot(
  namespace: Namespace,
  gateway: Gateway,
): Promise<Record<string, unknown>> {
  const snapshot: Record<string, unknown> = {};
  for (const place of [namespace, ...gatewayNamespaces(gateway.instance).map(foreignNamespace)])
    snapshot[place.name] = await placeSnapshot(place);
  for (const map of POLICY_MAPS) snapshot[map] = await mapEntries(gateway, map);
  return snapshot;
}

async function placeSnapshot(place: Namespace): Promise<Record<string, unknown>> {
  const links = (await json(place, 'ip', '-j', 'addr')) as { ifname: string }[];
  const filters: Record<string, unknown> = {};
  for (const { ifname } of links)
    filters[ifname] = await json(place, 'tc', '-j', 'filter', 'show', 'dev', ifname, 'ingress');
  return {
    inode: statSync(place.path).ino,
    links,
    filters,
    routes: await json(place, 'ip', '-j', 'route', 'show', 'table', 'all'),
    routes6: await json(place, 'ip', '-6', '-j', 'route', 'show', 'table', 'all'),
    rules: await json(place, 'ip', '-j', 'rule', 'show'),
    rules6: await json(place, 'ip', '-6', '-j', 'rule', 'show'),
    proxies: await json(place, 'ip', '-j', 'neigh', 'show', 'proxy'),
    // Without what counts and what expires, with handles.
    ruleset: await runIn(place, 'nft', ['-s', '-t', '-a', 'list', 'ruleset']),
  };
}

async function json(place: Namespace, command: string, ...args: string[]): Promise<unknown> {
  return JSON.parse((await runIn(place, command, args)) || '[]') as unknown;
}

interface MapEntry {
  readonly key: readonly string[];
  readonly value: readonly string[];
}

/** The entries of one of the gateway's maps, as hexadecimal bytes, in order of their keys. */
export async function mapEntries(gateway: Gateway, map: PolicyMap): Promise<MapEntry[]> {
  const args = ['-j', 'map', 'dump', 'pinned', pinOf(gateway, map)];
  const entries = JSON.parse(await run('bpftool', args)) as MapEntry[];
  return entries
    .map(({ key, value }) => ({ key, value }))
    .sort((a, b) => a.key.join().localeCompare(b.key.join()));
}

export async function deleteMapEntry(
  gateway: Gateway,
  map: PolicyMap,
  { key }: MapEntry,
): Promise<void> {
  const bytes = key.map((byte) => byte.replace('0x', ''));
  await run('bpftool', ['map', 'delete', 'pinned', pinOf(gateway, map), 'key', 'hex', ...bytes]);
}

function pinOf(gateway: Gateway, map: PolicyMap): string {
  const { bpfDirectory } = parse(readFileSync(gateway.configFile, 'utf8')) as {
    bpfDirectory: string;
  };
  const directory = join(bpfDirectory, gateway.instance);
  const pin = readdirSync(directory).find((file) => file.startsWith(`${map}-`));
  return join(directory, pin ?? map);
}

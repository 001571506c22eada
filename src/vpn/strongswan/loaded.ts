import type { ViciClient } from '../vici/session.js';
import { listOf, sectionOf, sectionsOf, textOf } from '../vici/read.js';

/** What a charon has been told, by its own account. */
export interface Loaded {
  /** Names of its connections, ours or not. */
  readonly connections: ReadonlyMap<string, LoadedConnection>;
  /** Ids of its shared keys. */
  readonly sharedKeys: readonly string[];
}

export interface LoadedConnection {
  /** Its certificates and keys cannot be taken back one by one. */
  readonly byCertificate: boolean;
}

export async function readLoaded(vici: ViciClient): Promise<Loaded> {
  const connections = new Map<string, LoadedConnection>();
  for (const message of await vici.stream('list-conns', 'list-conn'))
    for (const [name, section] of sectionsOf(message))
      connections.set(name, {
        byCertificate: sectionsOf(section).some(
          ([key, authentication]) =>
            key.startsWith('local-') && textOf(authentication, 'class') === 'public key',
        ),
      });
  const shared = await vici.request('get-shared');
  return { connections, sharedKeys: listOf(shared, 'keys') };
}

/** Names of the plugins that a charon has loaded (`stats`). */
export async function loadedPlugins(vici: ViciClient): Promise<ReadonlySet<string>> {
  const stats = await vici.request('stats');
  const plugins = listOf(stats, 'plugins');
  return new Set(plugins.length > 0 ? plugins : Object.keys(sectionOf(stats, 'plugins')));
}

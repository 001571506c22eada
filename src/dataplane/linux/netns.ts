import { readdir, statfs } from 'node:fs/promises';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import { domainNamespace, NAMESPACES, type NetworkContext } from './context.js';
import { domainOfNamespace } from './names.js';

/** f_type of a namespace's file: NSFS_MAGIC of linux/magic.h. */
const NSFS_MAGIC = 0x6e736673;

/** The namespaces of our routing domains, by whether there is one behind the name. */
export async function domainNamespaces(
  context: NetworkContext,
): Promise<Map<RoutingDomainId, 'usable' | 'stale'>> {
  const found = new Map<RoutingDomainId, 'usable' | 'stale'>();
  for (const name of await directoryEntries(NAMESPACES)) {
    const domain = domainOfNamespace(context.instance, name);
    if (domain === undefined) continue;
    const usable = await isNamespace(domainNamespace(context, domain));
    found.set(domain, usable ? 'usable' : 'stale');
  }
  return found;
}

async function directoryEntries(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    // iproute2 makes the directory with the first namespace.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** False for a file that a process left that died before it put the namespace there. */
export async function isNamespace(path: string): Promise<boolean> {
  return (await statfs(path)).type === NSFS_MAGIC;
}

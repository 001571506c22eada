import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { LinkIndex, NetworkPlane } from '../kernel.js';
import { apply } from './apply.js';
import { followChanges, probeChangeMonitor } from './change-monitor.js';
import type { NetworkContext } from './context.js';
import { deviceNumber } from './device-number.js';
import { peerName, peerOfAlias } from './names.js';
import { domainNamespaces } from './netns.js';
import { observe } from './observe.js';
import { probe } from './probe.js';
import { readLinks } from './read-place.js';

/**
 * What Linux itself does for the gateway: namespaces, links, sysctls, addresses, routes, proxy
 * neighbours and firewalls, through iproute2 and nft. Operations on other kinds of objects pass
 * without effect.
 */
export function createLinuxNetwork(context: NetworkContext): NetworkPlane {
  return {
    observe: (scope) => observe(context, scope),
    apply: (operations) => apply(context, operations),
    domains: () => domains(context),
    onChange: (listener) => {
      try {
        return followChanges(context, listener);
      } catch {
        // The probe says why.
        return () => undefined;
      }
    },
    linkIndex: () => linkIndex(context),
    linkIndexOf: (domains) => linkIndexOf(context, domains),
    deviceMtu: () => deviceMtu(context),
    probe: async () => [...(await probe()), probeChangeMonitor(context)],
  };
}

async function domains(context: NetworkContext): Promise<Set<RoutingDomainId>> {
  const found = new Set((await domainNamespaces(context)).keys());
  for (const { ifalias } of await readLinks(context.namespace)) {
    const end = ifalias === undefined ? undefined : peerOfAlias(context.instance, ifalias);
    if (end !== undefined) found.add(end.domain);
  }
  return found;
}

async function linkIndex(context: NetworkContext): Promise<LinkIndex> {
  const links = await readLinks(context.namespace);
  const indexes = new Map(links.map(({ ifname, ifindex }) => [ifname, ifindex]));
  const vnetPeers = new Map<RoutingDomainId, number>();
  const extPeers = new Map<RoutingDomainId, number>();
  for (const { ifalias, ifindex } of links) {
    const end = ifalias === undefined ? undefined : peerOfAlias(context.instance, ifalias);
    if (end?.device === 'vnet') vnetPeers.set(end.domain, ifindex);
    if (end?.device === 'ext') extPeers.set(end.domain, ifindex);
  }
  return { vnetPeers, extPeers, configured: byConfiguredName(context, indexes) };
}

function linkIndexOf(
  context: NetworkContext,
  domains: ReadonlySet<RoutingDomainId>,
): Promise<LinkIndex> {
  // Only the namespace of this process can be asked without starting another one.
  if (context.namespace !== undefined) return linkIndex(context);
  const peers = (device: 'vnet' | 'ext'): Map<RoutingDomainId, number> => {
    const found = new Map<RoutingDomainId, number>();
    for (const domain of domains) {
      const number = deviceNumber(peerName(context.instance, domain, device));
      if (number !== undefined) found.set(domain, number);
    }
    return found;
  };
  return Promise.resolve({
    ...{ vnetPeers: peers('vnet'), extPeers: peers('ext') },
    configured: new Map(),
  });
}

async function deviceMtu(context: NetworkContext): Promise<Map<string, number>> {
  const links = await readLinks(context.namespace);
  return byConfiguredName(context, new Map(links.map(({ ifname, mtu }) => [ifname, mtu])));
}

/** Only the devices that are there. */
function byConfiguredName(
  context: NetworkContext,
  byLinuxName: ReadonlyMap<string, number>,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const [name, device] of context.devices) {
    const value = byLinuxName.get(device);
    if (value !== undefined) found.set(name, value);
  }
  return found;
}

import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import {
  partOf,
  type Device,
  type DomainDevice,
  type KernelObject,
  type Place,
} from '../kernel-object.js';
import type { Scope } from '../port.js';
import { domainNamespace, type NetworkContext } from './context.js';
import { observedLink } from './link.js';
import { peerName, peerOfAlias, ROUTE_PROTOCOL } from './names.js';
import { domainNamespaces } from './netns.js';
import { inParallel } from './parallel.js';
import { readPlace, type LinkRow, type PlaceState } from './read-place.js';
import { observedAddresses, observedProxies, observedRoutes, type DeviceNames } from './rows.js';
import { observedRules } from './rule.js';
import {
  domainSysctls,
  gatewaySysctls,
  observedSysctls,
  sysctlPath,
  type SysctlName,
} from './sysctl.js';
import { observedTunnelLinks } from './tunnel-link.js';

const DOMAIN_DEVICES: readonly DomainDevice[] = ['vnet', 'ext'];

/** All objects of ours in the scope that iproute2 and nft show. */
export async function observe(context: NetworkContext, scope: Scope): Promise<KernelObject[]> {
  const namespaces = await domainNamespaces(context);
  const domains = new Set(scope === 'all' ? namespaces.keys() : scope.domains);
  const gateway = await read(context, context.namespace, gatewaySysctls(context, [...domains]));
  const names = gatewayDeviceNames(context, [...domains], gateway.links);
  if (scope === 'all')
    for (const device of names.values()) if (device.kind === 'peer') domains.add(device.domain);

  const links = new Map(gateway.links.map((row) => [row.ifname, row]));
  const objects = [
    ...observeGateway(context, gateway, names, [...domains]),
    ...(
      await inParallel([...domains], (domain) =>
        observeDomain(context, domain, namespaces.get(domain), links),
      )
    ).flat(),
  ];
  return scope === 'all' ? objects : objects.filter((object) => isInScope(object, scope));
}

function isInScope(object: KernelObject, scope: Exclude<Scope, 'all'>): boolean {
  const part = partOf(object);
  return part === 'gateway' ? scope.gateway : scope.domains.has(part);
}

async function observeDomain(
  context: NetworkContext,
  domain: RoutingDomainId,
  namespace: 'usable' | 'stale' | undefined,
  gatewayLinks: ReadonlyMap<string, LinkRow>,
): Promise<KernelObject[]> {
  const sysctls = domainSysctls(domain);
  const state =
    namespace === 'usable'
      ? await read(context, domainNamespace(context, domain), sysctls)
      : undefined;
  const links = DOMAIN_DEVICES.map((device) =>
    observedLink(context, domain, device, state?.links ?? [], gatewayLinks),
  ).filter((link) => link !== undefined);
  if (namespace === undefined) return links;
  if (state === undefined) return [{ kind: 'namespace', domain, usable: false }, ...links];

  const loopbackUp = state.links.some((row) => row.ifname === 'lo' && row.flags.includes('UP'));
  const names: DeviceNames = new Map(
    DOMAIN_DEVICES.map((device) => [device, { kind: 'domain', device }]),
  );
  // Our routes lead into tunnels as well, whose devices and addresses are the daemons' business.
  const allNames: DeviceNames = new Map([
    ...state.links.map(({ ifname: name }) => [name, { kind: 'tunnel', name }] as const),
    ...names,
  ]);
  return [
    { kind: 'namespace', domain, ...(loopbackUp ? {} : { usable: false }) },
    ...links,
    ...observedTunnelLinks(domain, state.links),
    ...observedSysctls(context, sysctls, state),
    ...observedAddresses(domain, state.links, names),
    ...observedRoutes(domain, state.routes, allNames),
    ...observedRules(domain, state.rules),
    ...observedFirewall(domain, state),
  ];
}

function observeGateway(
  context: NetworkContext,
  state: PlaceState,
  names: DeviceNames,
  domains: readonly RoutingDomainId[],
): KernelObject[] {
  return [
    ...observedSysctls(context, gatewaySysctls(context, domains), state),
    ...observedAddresses('gateway', state.links, names),
    ...observedRoutes('gateway', state.routes, names),
    ...observedProxies(state.proxies, names),
    ...observedFirewall('gateway', state),
  ];
}

function observedFirewall(place: Place, state: PlaceState): KernelObject[] {
  return state.ruleset === undefined ? [] : [{ kind: 'firewall', place, ruleset: state.ruleset }];
}

/**
 * Devices of the gateway's namespace that an object may name. A peer is known by the name that its
 * routing domain gives it, or, where nothing else of the domain is left, by its alias.
 */
function gatewayDeviceNames(
  context: NetworkContext,
  domains: readonly RoutingDomainId[],
  links: readonly LinkRow[],
): DeviceNames {
  const names = new Map<string, Device>();
  for (const [name, device] of context.devices) names.set(device, { kind: 'configured', name });
  for (const domain of domains)
    for (const device of DOMAIN_DEVICES)
      names.set(peerName(context.instance, domain, device), { kind: 'peer', domain, device });
  for (const { ifname, ifalias } of links) {
    const end = ifalias === undefined ? undefined : peerOfAlias(context.instance, ifalias);
    if (end !== undefined && ifname === peerName(context.instance, end.domain, end.device))
      names.set(ifname, { kind: 'peer', ...end });
  }
  return names;
}

function read(
  context: NetworkContext,
  namespace: string | undefined,
  sysctls: readonly SysctlName[],
): Promise<PlaceState> {
  return readPlace(
    namespace,
    context.instance,
    ROUTE_PROTOCOL,
    sysctls.map((sysctl) => sysctlPath(context, sysctl)),
  );
}

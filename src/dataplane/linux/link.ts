import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import { formatMacColons } from '../../net/mac.js';
import type { DomainDevice, Link } from '../kernel-object.js';
import { domainNamespace, type NetworkContext } from './context.js';
import { externalGroup, namespaceName, pairMac, peerAlias, peerName } from './names.js';
import { readLinks, type LinkRow } from './read-place.js';
import { runSuccessfully } from './run.js';

/**
 * Largest GSO packet on a pair. An NVGRE header of 42 bytes still fits behind it into the 16-bit
 * length of the outer IPv4 header.
 */
const GSO_MAX_SIZE = 65_400;

/** What one end of a pair has to be like, as `ip -j -d link` prints it. */
interface End {
  readonly name: string;
  readonly address: string;
  readonly group: string;
  readonly alias: string | undefined;
}

function ends(
  context: NetworkContext,
  domain: RoutingDomainId,
  device: DomainDevice,
): { readonly inner: End; readonly peer: End } {
  const { instance } = context;
  const address = formatMacColons(pairMac(instance, domain, device));
  return {
    inner: { name: device, address, group: 'default', alias: undefined },
    peer: {
      name: peerName(instance, domain, device),
      address,
      group: device === 'ext' ? String(externalGroup(instance)) : 'default',
      alias: peerAlias(instance, domain, device),
    },
  };
}

/** Lines for `ip -batch` in the gateway's namespace and then in the routing domain's. */
export interface LinkLines {
  readonly gateway: readonly string[];
  readonly domain: readonly string[];
}

/** Makes a pair. Neither end can be brought up before both are there. */
export function creationLines(context: NetworkContext, link: Link): LinkLines {
  const { inner, peer } = ends(context, link.domain, link.device);
  const common = (end: End): string =>
    `address ${end.address} mtu ${link.mtu} arp off gso_max_size ${GSO_MAX_SIZE} gro_max_size ${GSO_MAX_SIZE}`;
  const namespace = namespaceName(context.instance, link.domain);
  return {
    gateway: [
      `link add ${peer.name} ${common(peer)} group ${peer.group} type veth peer name ${inner.name} ${common(inner)} netns ${namespace}`,
      `link set dev ${peer.name} alias ${peer.alias ?? ''} addrgenmode none`,
      `link set dev ${peer.name} up`,
    ],
    domain: [`link set dev ${inner.name} addrgenmode none`, `link set dev ${inner.name} up`],
  };
}

/** Gives both ends of a pair that is there what they should have. */
export function correctionLines(context: NetworkContext, link: Link): LinkLines {
  const { inner, peer } = ends(context, link.domain, link.device);
  const settings = (end: End): string[] => [
    `link set dev ${end.name} mtu ${link.mtu} address ${end.address} arp off group ${end.group}`,
    `link set dev ${end.name} gso_max_size ${GSO_MAX_SIZE} gro_max_size ${GSO_MAX_SIZE} addrgenmode none`,
    ...(end.alias === undefined ? [] : [`link set dev ${end.name} alias ${end.alias}`]),
    `link set dev ${end.name} up`,
  ];
  return { gateway: settings(peer), domain: settings(inner) };
}

/** Deletes what is there of a pair; one end takes the other with it. */
export function deletionLines(
  context: NetworkContext,
  link: Pick<Link, 'domain' | 'device'>,
): LinkLines {
  const { inner, peer } = ends(context, link.domain, link.device);
  return { gateway: [`link del dev ${peer.name}`], domain: [`link del dev ${inner.name}`] };
}

/** Makes a pair anew where one end is missing or belongs to something else. */
export async function replaceUnlessPair(context: NetworkContext, link: Link): Promise<void> {
  const { inner, peer } = ends(context, link.domain, link.device);
  const domain = domainNamespace(context, link.domain);
  const [innerRow, peerRow] = (
    await Promise.all([readLinks(domain), readLinks(context.namespace)])
  ).map((rows, index) => rows.find((row) => row.ifname === (index === 0 ? inner : peer).name));
  if (innerRow !== undefined && peerRow !== undefined && isPair(innerRow, peerRow)) return;
  const ipIn = (namespace: string | undefined, line: string): Promise<unknown> =>
    runSuccessfully({ file: 'ip', args: line.split(' ') }, namespace);
  const deletion = deletionLines(context, link);
  if (innerRow !== undefined) for (const line of deletion.domain) await ipIn(domain, line);
  if (peerRow !== undefined)
    for (const line of deletion.gateway) await ipIn(context.namespace, line);
  for (const line of creationLines(context, link).gateway) await ipIn(context.namespace, line);
}

/**
 * The link as observed: undefined where neither end is there, MTU 0 (which nobody wants) where
 * something about it is wrong.
 */
export function observedLink(
  context: NetworkContext,
  domain: RoutingDomainId,
  device: DomainDevice,
  domainLinks: readonly LinkRow[],
  gatewayLinks: ReadonlyMap<string, LinkRow>,
): Link | undefined {
  const expected = ends(context, domain, device);
  const inner = domainLinks.find((row) => row.ifname === expected.inner.name);
  const peer = gatewayLinks.get(expected.peer.name);
  if (inner === undefined && peer === undefined) return undefined;
  const sound =
    inner !== undefined &&
    peer !== undefined &&
    isPair(inner, peer) &&
    inner.mtu === peer.mtu &&
    isAsExpected(inner, expected.inner) &&
    isAsExpected(peer, expected.peer);
  return { kind: 'link', domain, device, mtu: sound ? inner.mtu : 0 };
}

/** Whether two devices in two namespaces are the ends of one veth pair. */
export function isPair(inner: LinkRow, peer: LinkRow): boolean {
  return (
    inner.linkinfo?.info_kind === 'veth' &&
    peer.linkinfo?.info_kind === 'veth' &&
    inner.link_index === peer.ifindex &&
    peer.link_index === inner.ifindex
  );
}

function isAsExpected(row: LinkRow, end: End): boolean {
  return (
    row.flags.includes('UP') &&
    row.flags.includes('NOARP') &&
    row.address === end.address &&
    row.group === end.group &&
    row.ifalias === end.alias &&
    row.gso_max_size === GSO_MAX_SIZE &&
    row.gro_max_size === GSO_MAX_SIZE
  );
}

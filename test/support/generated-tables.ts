import type { ForwardingEntries } from '../../src/forwarding/tables.js';
import { CustomerAddress, ProviderAddress } from '../../src/model/addresses.js';
import type {
  CustomerRouteEntry,
  LookupRecordEntry,
  MulticastRouteEntry,
  ReplicationEntry,
  RewriteEntry,
  RouteTarget,
  TunnelTarget,
  VirtualSubnetEntry,
} from '../../src/model/forwarding-table.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { Vsid } from '../../src/model/vsid.js';
import { isIpv4, parseIp, parseIpv4 } from '../../src/net/ip.js';
import type { MacAddress } from '../../src/net/mac.js';
import { parsePrefix } from '../../src/net/prefix.js';
import { onceIn, pick, type Choices } from './choices.js';

const provider = (text: string): ProviderAddress => ProviderAddress(parseIpv4(text));
const customer = (text: string): CustomerAddress => CustomerAddress(parseIp(text));

export const OWN_PAS = ['10.1.1.40', '10.1.1.41'].map(provider);
export const HOST_PAS = ['10.1.1.20', '10.1.1.21', '10.1.1.22', '10.1.1.23'].map(provider);

/** All subnets choose among the same groups. */
export const GROUPS = ['239.0.1.1', '239.0.1.2'].map(provider);

const DOMAIN_IDS = [1, 2, 3].map((n) => RoutingDomainId(`11111111-2222-3333-4444-00000000000${n}`));
const SUBNETS = [1, 2, 3] as const;
const MACS = Array.from({ length: 12 }, (_, n) => (0x00155d_000100 + n) as MacAddress);

/** What all routing domains are made of, so that their addresses and MACs are the same. */
interface SubnetPlan {
  readonly vsid: Vsid;
  readonly number: (typeof SUBNETS)[number];
  readonly gatewayMac: MacAddress;
  /** Whether the packet path has the subnet; records may name one that it has not. */
  readonly known: boolean;
}

/**
 * Two or three routing domains with equal customer addresses and MACs, three subnets each of IPv4
 * and IPv6; records on link and behind a router, own addresses, router routes, wildcards, ways for
 * broadcast and multicast. Consistent as a compiled policy is: peers are the PAs that targets name.
 */
export function generateEntries(choices: Choices): ForwardingEntries {
  const virtualSubnets: VirtualSubnetEntry[] = [];
  const lookupRecords: LookupRecordEntry[] = [];
  const customerRoutes: CustomerRouteEntry[] = [];
  const multicastRoutes: MulticastRouteEntry[] = [];
  const replications: ReplicationEntry[] = [];
  const domains = DOMAIN_IDS.slice(0, 2 + choices.below(2));
  for (const [index, routingDomain] of domains.entries()) {
    const plans = SUBNETS.map((number) => planSubnet(choices, index, number));
    const providerAddress = pick(choices, OWN_PAS);
    for (const plan of plans) {
      if (plan.known)
        virtualSubnets.push({
          vsid: plan.vsid,
          routingDomain,
          providerAddress,
          underlay: 'underlay',
          sourceMac: onceIn(choices, 3) ? pick(choices, MACS) : plan.gatewayMac,
          gatewayMac: plan.gatewayMac,
          ...(plan.number === 2 && { onLinkLength: 24 }),
          ...(plan.number === 3 && { onLinkLength: 31 }),
        });
      lookupRecords.push(...subnetRecords(choices, routingDomain, plan));
      customerRoutes.push(...subnetRoutes(choices, routingDomain, plan));
      multicastRoutes.push(...subnetMulticast(choices, routingDomain, plan));
      replications.push(...subnetHosts(choices, routingDomain, plan, lookupRecords));
    }
    customerRoutes.push(...farRoutes(choices, routingDomain, plans));
  }
  return {
    providerAddresses: OWN_PAS.map((address) => ({ address })),
    virtualSubnets,
    lookupRecords,
    customerRoutes,
    providerPeers: peersOf(lookupRecords, customerRoutes),
    rewrites: lookupRecords.flatMap(rewriteOf),
    multicastRoutes,
    providerGroups: multicastRoutes.flatMap(({ vsid, routingDomain, group }) =>
      group === undefined ? [] : [{ vsid, routingDomain, group }],
    ),
    replications,
    externalEnds: [],
  };
}

function planSubnet(
  choices: Choices,
  domain: number,
  number: (typeof SUBNETS)[number],
): SubnetPlan {
  return {
    vsid: Vsid(5000 + 1000 * domain + number),
    number,
    gatewayMac: (0x024e56_000000 + number) as MacAddress,
    known: number !== 3 || !onceIn(choices, 2),
  };
}

function subnetRecords(
  choices: Choices,
  routingDomain: RoutingDomainId,
  plan: SubnetPlan,
): LookupRecordEntry[] {
  const remote = (text: string): LookupRecordEntry => ({
    routingDomain,
    customerAddress: customer(text),
    vsid: plan.vsid,
    macAddress: pick(choices, MACS),
    providerAddress: pick(choices, HOST_PAS),
    local: false,
    onLink: !onceIn(choices, 5),
    ...(onceIn(choices, 4) && { maxLength: pick(choices, [28, 200, 460, 1280]) }),
  });
  const local = (text: string, macAddress: MacAddress): LookupRecordEntry => ({
    routingDomain,
    customerAddress: customer(text),
    vsid: plan.vsid,
    macAddress,
    providerAddress: undefined,
    local: true,
    onLink: false,
  });
  const hosts = [101, 102, 103];
  const records = [
    local(`192.168.${plan.number}.1`, plan.gatewayMac),
    local(`2001:db8:${plan.number}::1`, plan.gatewayMac),
    ...(onceIn(choices, 3) ? [local(`192.168.${plan.number}.250`, pick(choices, MACS))] : []),
    ...hosts.map((host) => remote(`192.168.${plan.number}.${host}`)),
    ...hosts.map((host) => remote(`2001:db8:${plan.number}::${host}`)),
  ];
  return records.map((entry) => (onceIn(choices, 2) ? rewritten(entry) : entry));
}

/** With a PA of its own, of which one is the gateway's for NVGRE, too; IPv6 stays as it is. */
function rewritten(entry: LookupRecordEntry): LookupRecordEntry {
  const { customerAddress, vsid, local } = entry;
  if (!isIpv4(customerAddress)) return entry;
  const providerAddress =
    local && vsid === 5001 && (customerAddress & 0xff) === 1
      ? provider('10.1.1.40')
      : provider(`10.${Math.floor(vsid / 1000)}.${vsid % 1000}.${customerAddress & 0xff}`);
  return { ...entry, providerAddress, nat: true };
}

export function rewriteOf(record: LookupRecordEntry): RewriteEntry[] {
  const { routingDomain, customerAddress, vsid, providerAddress, local } = record;
  return record.nat !== true || providerAddress === undefined
    ? []
    : [{ providerAddress, routingDomain, customerAddress, vsid, local }];
}

/** The subnet's own prefixes, with a wildcard now and then, and a way for its broadcast. */
function subnetRoutes(
  choices: Choices,
  routingDomain: RoutingDomainId,
  plan: SubnetPlan,
): CustomerRouteEntry[] {
  const spreadRoute = (destination: string): CustomerRouteEntry =>
    route(routingDomain, destination, { kind: 'multicast', vsid: plan.vsid });
  const onLink: RouteTarget = {
    kind: 'onLink',
    vsid: plan.vsid,
    ...(onceIn(choices, 3) && { wildcard: tunnelTarget(choices) }),
  };
  return [
    route(routingDomain, `192.168.${plan.number}.0/24`, onLink),
    route(routingDomain, `2001:db8:${plan.number}::/64`, onLink),
    ...(onceIn(choices, 4) ? [] : [spreadRoute(`192.168.${plan.number}.255/32`)]),
    ...['224.0.0.0/4', '255.255.255.255/32', 'ff00::/8'].flatMap((destination) =>
      onceIn(choices, 6) ? [spreadRoute(destination)] : [],
    ),
  ];
}

/** By a group, or by copies: for everything, and for a part of it once more. */
function subnetMulticast(
  choices: Choices,
  routingDomain: RoutingDomainId,
  { vsid, number }: SubnetPlan,
): MulticastRouteEntry[] {
  const destinations = [
    ...['224.0.0.0/4', '239.1.0.0/16', '255.255.255.255/32', `192.168.${number}.255/32`],
    ...['ff00::/8', 'ff05::/16'],
  ];
  return destinations
    .filter(() => onceIn(choices, 2))
    .map((destination) => ({
      ...{ routingDomain, vsid, destinationPrefix: parsePrefix(destination) },
      group: onceIn(choices, 3) ? undefined : pick(choices, GROUPS),
    }));
}

/** No test run is limited: the generated packets come faster than any real ones. */
const WITHOUT_LIMIT = 0;

function subnetHosts(
  choices: Choices,
  routingDomain: RoutingDomainId,
  { vsid, known }: SubnetPlan,
  records: readonly LookupRecordEntry[],
): ReplicationEntry[] {
  if (!known && onceIn(choices, 2)) return [];
  const hosts = new Set<ProviderAddress>();
  for (const record of records)
    if (!record.local && record.vsid === vsid && record.providerAddress !== undefined)
      hosts.add(record.providerAddress);
  const providerAddresses = onceIn(choices, 8) ? [] : [...hosts].sort((a, b) => a - b);
  const leftOut = onceIn(choices, 3) ? 1 + choices.below(3) : 0;
  return [{ routingDomain, vsid, providerAddresses, leftOut, packetsPerSecond: WITHOUT_LIMIT }];
}

/** Behind router VMs, and sometimes a default route. */
function farRoutes(
  choices: Choices,
  routingDomain: RoutingDomainId,
  plans: readonly SubnetPlan[],
): CustomerRouteEntry[] {
  const target = (): RouteTarget => ({
    kind: 'router',
    vsid: pick(choices, plans).vsid,
    router: tunnelTarget(choices),
  });
  const wildcard = (): RouteTarget => ({
    kind: 'onLink',
    vsid: pick(choices, plans).vsid,
    wildcard: tunnelTarget(choices),
  });
  return [
    route(routingDomain, '10.20.0.0/16', target()),
    route(routingDomain, '10.20.30.0/24', target()),
    route(routingDomain, '2001:db8:20::/48', target()),
    route(routingDomain, '192.168.1.101/32', target()),
    ...(onceIn(choices, 3) ? [route(routingDomain, '0.0.0.0/0', wildcard())] : []),
    ...(onceIn(choices, 3) ? [route(routingDomain, '::/0', target())] : []),
  ];
}

function route(
  routingDomain: RoutingDomainId,
  destination: string,
  target: RouteTarget,
): CustomerRouteEntry {
  return { routingDomain, destinationPrefix: parsePrefix(destination), target };
}

function tunnelTarget(choices: Choices): TunnelTarget {
  return { macAddress: pick(choices, MACS), providerAddress: pick(choices, HOST_PAS) };
}

function peersOf(
  records: readonly LookupRecordEntry[],
  routes: readonly CustomerRouteEntry[],
): ForwardingEntries['providerPeers'] {
  const peers = new Map<string, ForwardingEntries['providerPeers'][number]>();
  const add = (routingDomain: RoutingDomainId, address: ProviderAddress | undefined): void => {
    if (address !== undefined)
      peers.set(`${routingDomain} ${address}`, { routingDomain, providerAddress: address });
  };
  for (const record of records)
    if (!record.local) add(record.routingDomain, record.providerAddress);
  for (const { routingDomain, target } of routes) {
    if (target.kind === 'router') add(routingDomain, target.router.providerAddress);
    if (target.kind === 'onLink') add(routingDomain, target.wildcard?.providerAddress);
  }
  return [...peers.values()];
}

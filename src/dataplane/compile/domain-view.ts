import type { CustomerAddress, ProviderAddress } from '../../model/addresses.js';
import {
  isDistributedGateway,
  isRewritten,
  isWildcard,
  type LookupRecord,
} from '../../model/lookup-record.js';
import { ownProviderAddress, type Policy } from '../../model/policy.js';
import { policyRef, type PolicyRef } from '../../model/policy-ref.js';
import type { RoutingDomain } from '../../model/routing-domain.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { TunnelTarget } from '../../model/forwarding-table.js';
import {
  defaultGatewayMac,
  gatewayAddressFor,
  type VirtualSubnet,
} from '../../model/virtual-subnet.js';
import type { Vsid } from '../../model/vsid.js';
import { compareIp, familyOf, type IpFamily } from '../../net/ip.js';
import type { MacAddress } from '../../net/mac.js';
import { prefixContains } from '../../net/prefix.js';

/** An address of the gateway itself in a virtual subnet. */
export interface LocalAddress {
  readonly vsid: Vsid;
  readonly customerAddress: CustomerAddress;
  readonly macAddress: MacAddress;
  /** Where its record has rule `nat` (N13). */
  readonly rewriteAddress?: ProviderAddress;
  readonly owner: PolicyRef;
}

/** A virtual subnet with the gateway's part in it worked out. */
export interface SubnetView {
  readonly subnet: VirtualSubnet;
  readonly gatewayMac: MacAddress;
  /** Inner source MAC of what the gateway sends into the subnet. */
  readonly sourceMac: MacAddress;
  /** The address that the gateway speaks from in the subnet, by family. */
  readonly source: Readonly<Partial<Record<IpFamily, CustomerAddress>>>;
  /** Where what has no record goes, by family (N14); absent where that is the gateway itself. */
  readonly wildcard: Readonly<Partial<Record<IpFamily, TunnelTarget>>>;
  /** PAs of all its records but the gateway's own, in ascending order. */
  readonly hosts: readonly ProviderAddress[];
}

/** A routing domain with its records sorted by what they mean to this gateway. */
export interface DomainView {
  readonly id: RoutingDomainId;
  readonly owner: PolicyRef;
  readonly domain: RoutingDomain;
  /** Undefined while the gateway has no provider address. */
  readonly providerAddress: ProviderAddress | undefined;
  readonly subnets: ReadonlyMap<Vsid, SubnetView>;
  /** The gateway's own addresses: each subnet's gateway addresses and own-address records. */
  readonly local: ReadonlyMap<CustomerAddress, LocalAddress>;
  /** Records of VMs behind other provider addresses. */
  readonly remote: readonly LookupRecord[];
  /** PAs from which the domain takes packets (N12). */
  readonly providerPeers: ReadonlySet<ProviderAddress>;
}

interface SubnetRecords {
  readonly own: LookupRecord[];
  readonly distributedGateways: LookupRecord[];
  readonly wildcards: LookupRecord[];
  readonly hosts: Set<ProviderAddress>;
}

export function domainView(policy: Policy, domain: RoutingDomain): DomainView {
  const id = domain.head.id;
  const remote: LookupRecord[] = [];
  const providerPeers = new Set<ProviderAddress>();
  const bySubnet = new Map<Vsid, SubnetRecords>();
  const ofSubnet = (vsid: Vsid): SubnetRecords => {
    let records = bySubnet.get(vsid);
    if (records === undefined) {
      records = { own: [], distributedGateways: [], wildcards: [], hosts: new Set() };
      bySubnet.set(vsid, records);
    }
    return records;
  };

  for (const record of domain.lookupRecords.values()) {
    if (isDistributedGateway(record)) {
      ofSubnet(record.vsid).distributedGateways.push(record);
      continue;
    }
    const isOwn = policy.providerAddresses.has(record.providerAddress);
    if (!isOwn) {
      providerPeers.add(record.providerAddress);
      ofSubnet(record.vsid).hosts.add(record.providerAddress);
    }
    if (isWildcard(record)) {
      if (!isOwn) ofSubnet(record.vsid).wildcards.push(record);
    } else if (isOwn) ofSubnet(record.vsid).own.push(record);
    else remote.push(record);
  }

  const subnets = new Map<Vsid, SubnetView>();
  const local = new Map<CustomerAddress, LocalAddress>();
  for (const subnet of inOrder(domain.virtualSubnets.values(), (a, b) => a.vsid - b.vsid)) {
    const records = sorted(ofSubnet(subnet.vsid));
    const gatewayMac = gatewayMacOf(subnet, records);
    // A record says more than a default: where both name one address, the record's MAC counts.
    const own = records.own.map((record) => ownAddress(id, record));
    const gateways = subnetGatewayAddresses(subnet, records).map((customerAddress) => ({
      vsid: subnet.vsid,
      customerAddress,
      macAddress: gatewayMac,
      owner: policyRef.virtualSubnet(id, subnet.vsid),
    }));
    for (const address of [...own, ...gateways])
      if (!local.has(address.customerAddress)) local.set(address.customerAddress, address);
    subnets.set(subnet.vsid, {
      subnet,
      gatewayMac,
      sourceMac: own[0]?.macAddress ?? gatewayMac,
      source: firstOfFamily([...own, ...gateways].map(({ customerAddress }) => customerAddress)),
      wildcard: wildcardTargets(records.wildcards),
      hosts: [...records.hosts].sort((a, b) => a - b),
    });
  }

  return {
    id,
    owner: policyRef.routingDomain(id),
    domain,
    providerAddress: ownProviderAddress(policy, domain),
    subnets,
    local,
    remote,
    providerPeers,
  };
}

/**
 * Where the first of several counts, it is the first by its name: the order in which a policy came
 * is forgotten by the store, and no packet may go another way after a restart.
 */
function inOrder<T>(objects: Iterable<T>, compare: (a: T, b: T) => number): T[] {
  return [...objects].sort(compare);
}

function sorted({ own, distributedGateways, wildcards, hosts }: SubnetRecords): SubnetRecords {
  const byAddress = (a: LookupRecord, b: LookupRecord): number =>
    compareIp(a.customerAddress, b.customerAddress);
  return {
    own: inOrder(own, byAddress),
    distributedGateways: inOrder(distributedGateways, byAddress),
    wildcards: inOrder(wildcards, byAddress),
    hosts,
  };
}

function ownAddress(domain: RoutingDomainId, record: LookupRecord): LocalAddress {
  const { vsid, customerAddress, macAddress, providerAddress } = record;
  return {
    ...{ vsid, customerAddress, macAddress },
    ...(isRewritten(record) && { rewriteAddress: providerAddress }),
    owner: policyRef.lookupRecord(domain, record),
  };
}

/** One address per prefix: a distributed gateway's record names it, else the subnet's own rule. */
function subnetGatewayAddresses(
  subnet: VirtualSubnet,
  { distributedGateways }: SubnetRecords,
): CustomerAddress[] {
  return subnet.prefixes.map((prefix) => {
    const named = distributedGateways.find(({ customerAddress }) =>
      prefixContains(prefix, customerAddress),
    );
    return named?.customerAddress ?? gatewayAddressFor(subnet, prefix);
  });
}

function gatewayMacOf(subnet: VirtualSubnet, { distributedGateways }: SubnetRecords): MacAddress {
  return (
    subnet.gateway.macAddress ??
    distributedGateways[0]?.macAddress ??
    defaultGatewayMac(subnet.vsid)
  );
}

function firstOfFamily(
  addresses: readonly CustomerAddress[],
): Partial<Record<IpFamily, CustomerAddress>> {
  const first: Partial<Record<IpFamily, CustomerAddress>> = {};
  for (const address of addresses) first[familyOf(address)] ??= address;
  return first;
}

function wildcardTargets(
  records: readonly LookupRecord[],
): Partial<Record<IpFamily, TunnelTarget>> {
  const targets: Partial<Record<IpFamily, TunnelTarget>> = {};
  for (const { customerAddress, macAddress, providerAddress } of records)
    targets[familyOf(customerAddress)] ??= { macAddress, providerAddress };
  return targets;
}

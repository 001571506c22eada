import { CustomerAddress } from '../../model/addresses.js';
import type { LookupRecord } from '../../model/lookup-record.js';
import type { Policy } from '../../model/policy.js';
import type { RoutingDomain } from '../../model/routing-domain.js';
import type { VirtualSubnet } from '../../model/virtual-subnet.js';
import type { Vsid } from '../../model/vsid.js';
import type { IpAddress } from '../../net/ip.js';
import { firstHost, prefixContains, type Prefix } from '../../net/prefix.js';
import type { PolicyEnvironment } from '../environment.js';
import type { DomainIndex, PolicyIndex } from '../policy-index.js';

/** A policy, what is known of it, and the gateway that it is for. */
export interface PolicyView {
  readonly policy: Policy;
  readonly index: PolicyIndex;
  readonly environment: PolicyEnvironment;
}

/** One routing domain as its rules see it. */
export interface DomainView extends PolicyView {
  readonly domain: RoutingDomain;
  readonly domainIndex: DomainIndex;
  readonly gatewayAddresses: ReadonlyMap<Vsid, readonly CustomerAddress[]>;
  /** Every gateway address of the domain -> its subnet. */
  readonly gatewaySubnets: ReadonlyMap<IpAddress, Vsid>;
}

const EMPTY_INDEX: DomainIndex = {
  peers: new Map(),
  hosts: new Map(),
  nextHops: new Map(),
  distributedGateways: new Map(),
};

export function viewDomain(view: PolicyView, domain: RoutingDomain): DomainView {
  const domainIndex = view.index.domains.get(domain.head.id) ?? EMPTY_INDEX;
  const gatewayAddresses = new Map<Vsid, readonly CustomerAddress[]>();
  const gatewaySubnets = new Map<IpAddress, Vsid>();
  for (const subnet of domain.virtualSubnets.values()) {
    const addresses = addressesOfGateway(subnet, domainIndex.distributedGateways.get(subnet.vsid));
    gatewayAddresses.set(subnet.vsid, addresses);
    for (const address of addresses) gatewaySubnets.set(address, subnet.vsid);
  }
  return { ...view, domain, domainIndex, gatewayAddresses, gatewaySubnets };
}

/**
 * The gateway address of each prefix of a subnet: what the subnet says, else what a record of its
 * distributed gateway says, else the first host address.
 */
function addressesOfGateway(
  subnet: VirtualSubnet,
  distributed: ReadonlySet<LookupRecord> | undefined,
): CustomerAddress[] {
  return subnet.prefixes.map((prefix) => {
    const said = [
      subnet.gateway.address,
      ...[...(distributed ?? [])].map((record) => record.customerAddress),
    ];
    const set = said.find((address) => address !== undefined && prefixContains(prefix, address));
    return set ?? CustomerAddress(firstHost(prefix));
  });
}

/** The prefix of the subnet that an address lies in, if it lies in one. */
export function prefixAround(subnet: VirtualSubnet, address: IpAddress): Prefix | undefined {
  return subnet.prefixes.find((prefix) => prefixContains(prefix, address));
}

/** The VSID of the routing domain that an address lies in, if it lies in one. */
export function vsidAround({ domain }: DomainView, address: IpAddress): Vsid | undefined {
  for (const subnet of domain.virtualSubnets.values())
    if (prefixAround(subnet, address) !== undefined) return subnet.vsid;
  return undefined;
}

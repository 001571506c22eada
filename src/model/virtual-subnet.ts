import type { MacAddress } from '../net/mac.js';
import { firstHost, prefixContains, type Prefix } from '../net/prefix.js';
import { CustomerAddress } from './addresses.js';
import type { Vsid } from './vsid.js';

/** One segment of a routing domain: its VSID, its prefixes and the gateway that its VMs use. */
export interface VirtualSubnet {
  readonly vsid: Vsid;
  readonly prefixes: readonly Prefix[];
  readonly gateway: SubnetGateway;
}

/** What the policy says of the gateway; what it leaves out has a default. */
export interface SubnetGateway {
  readonly address?: CustomerAddress;
  readonly macAddress?: MacAddress;
}

/**
 * The gateway's address for one prefix of the subnet: the one that the policy sets, if it lies in
 * this prefix, else the first host address.
 */
export function gatewayAddressFor(subnet: VirtualSubnet, prefix: Prefix): CustomerAddress {
  const set = subnet.gateway.address;
  return set !== undefined && prefixContains(prefix, set)
    ? set
    : CustomerAddress(firstHost(prefix));
}

/** All gateway addresses of the subnet, one per prefix. */
export function gatewayAddresses(subnet: VirtualSubnet): CustomerAddress[] {
  return subnet.prefixes.map((prefix) => gatewayAddressFor(subnet, prefix));
}

/**
 * The MAC address of a subnet's gateway where the policy sets none: locally administered, made of
 * the VSID, so that it is the same after a restart and on every gateway of a cluster.
 */
export function defaultGatewayMac(vsid: Vsid): MacAddress {
  return (0x02_4e_56_00_00_00 + vsid) as MacAddress;
}

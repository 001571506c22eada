import type { IpAddress, Ipv4 } from '../net/ip.js';

declare const role: unique symbol;

/** CA: the address of a VM inside its virtual network. */
export type CustomerAddress = IpAddress & { readonly [role]: 'customer' };

/** PA: a tunnel end point's address in the data centre (underlay). IPv4, as the seed's system has it. */
export type ProviderAddress = Ipv4 & { readonly [role]: 'provider' };

/** Names an address as a customer address; any address can be one. */
export function CustomerAddress(address: IpAddress): CustomerAddress {
  return address as CustomerAddress;
}

/** Names an address as a provider address; whether it may be a tunnel end point is for validation. */
export function ProviderAddress(address: Ipv4): ProviderAddress {
  return address as ProviderAddress;
}

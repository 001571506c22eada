/*
 * Addresses of every topology: VMs 192.168.N.101, N = 1 … 15, one VM network each, on a host with
 * the PA 10.1.1.20; the gateway 10.1.1.40 and 203.0.113.2; outside, 203.0.113.100.
 */

export const HOST_PA = '10.1.1.20';
export const GATEWAY_PA = '10.1.1.40';
export const VM_MAC = '00-15-5D-01-14-04';
export const GATEWAY_MAC = '10-10-10-10-10-01';
export const VM_NETWORK = '192.168.0.0/16';
/** Where hosts send what their VMs have for the outside. */
export const VM_ROUTER = '192.168.0.1';
export const OUTSIDE = '203.0.113.100';
export const OUTSIDE_NETWORK = '203.0.113.0/24';
export const GATEWAY_OUTSIDE = '203.0.113.2';

/** VM networks of the seed's load test. */
export const NETWORKS = 15;

/** 192.168.N.0/24 is virtual subnet FIRST_VSID + N. */
export const FIRST_VSID = 5000;

export function vmAddress(network: number): string {
  return `192.168.${network}.101`;
}

export function vmAddresses(networks: number): string[] {
  return Array.from({ length: networks }, (_, index) => vmAddress(index + 1));
}

/** A neighbour that never has to be asked for. */
export function neighbour(address: string, mac: string, device: string): string {
  return `neigh replace ${address} lladdr ${mac.replaceAll('-', ':')} dev ${device} nud permanent`;
}

import type {
  ConnectionDocument,
  PolicyDocument,
  RoutingDomainDocument,
} from '../../../provider/schemas.js';
import {
  FIRST_VSID,
  GATEWAY_MAC,
  GATEWAY_PA,
  HOST_PA,
  OUTSIDE_NETWORK,
  VM_MAC,
  vmAddress,
} from './plan.js';

/** How VM networks reach the outside. */
export type Connection = 'routed' | 'nat';

/** A second virtual subnet of the first VM network, and a VM in it. */
const SECOND_SUBNET = 201;
export const SECOND_SUBNET_VM = vmAddress(SECOND_SUBNET);

/** VM networks 192.168.N.0/24, each with one VM on the host and one connection. */
export function nvgatePolicy(connection: Connection, networks: number): PolicyDocument {
  return {
    apiVersion: 'nvgate/v1',
    providerAddresses: [{ address: GATEWAY_PA, prefixLength: 24 }],
    routingDomains: Array.from({ length: networks }, (_, index) =>
      routingDomain(connection, index + 1),
    ),
  };
}

function routingDomain(connection: Connection, network: number): RoutingDomainDocument {
  const subnets = network === 1 ? [network, SECOND_SUBNET] : [network];
  return {
    id: routingDomainId(network),
    virtualSubnets: subnets.map((number) => ({
      vsid: FIRST_VSID + number,
      prefixes: [`192.168.${number}.0/24`],
      gateway: { macAddress: GATEWAY_MAC },
    })),
    lookupRecords: subnets.map((number) => ({
      vsid: FIRST_VSID + number,
      customerAddress: vmAddress(number),
      macAddress: VM_MAC,
      providerAddress: HOST_PA,
    })),
    connections: [connectionOf(connection, network)],
  };
}

function connectionOf(connection: Connection, network: number): ConnectionDocument {
  return connection === 'nat'
    ? { id: 'internet', type: 'nat', externalAddress: `203.0.113.${9 + network}` }
    : { id: 'corp', type: 'routed', routes: [{ destinationPrefix: OUTSIDE_NETWORK }] };
}

export function routingDomainId(number: number): string {
  return `11111111-2222-3333-4444-${String(number).padStart(12, '0')}`;
}

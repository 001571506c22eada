import type { PolicyDocument, RoutingDomainDocument } from '../../provider/schemas.js';
import { compileFlood, startFlood, type Flood, type FloodFlow } from './flood.js';
import { createGateway, type Gateway } from './gateway.js';
import { createNamespace, ip, setSysctls, type Namespace } from './namespace.js';
import {
  EXTERNAL_GATEWAY_MAC,
  EXTERNAL_ROUTER_MAC,
  GATEWAY_MAC,
  underlayMac,
  type VmPlace,
} from './raw-host-frames.js';
import { connect, type Port } from './topology.js';

/**
 * A gateway between the underlay, where a process of its own plays all hosts (`flood.ts`), and one
 * real host outside, 203.0.113.100, that answers pings. No user space is between sender and
 * receiver but theirs, so that what is lost was lost in the gateway.
 */
export interface FloodLab {
  readonly namespace: Namespace;
  readonly gateway: Gateway;
  /** @param packetsPerSecond of each flow */
  flood(flows: readonly FloodFlow[], packetsPerSecond: number): Promise<Flood>;
}

export const OUTSIDE = '203.0.113.100';
const GATEWAY_PA = '10.1.1.40';

/**
 * @param hosts PAs on the underlay
 * @param settings of the gateway's configuration
 */
export async function createFloodLab(
  hosts: readonly string[],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<FloodLab> {
  const program = await compileFlood();
  const namespace = await createNamespace('gateway');
  const [underlay, outside] = [await createNamespace('underlay'), await createNamespace('outside')];
  await withoutIpv6(namespace, underlay, outside);
  await wire(
    { namespace, device: 'underlay', macAddress: GATEWAY_MAC },
    { namespace: underlay, device: 'wire' },
  );
  await wire(
    { namespace, device: 'external', macAddress: EXTERNAL_GATEWAY_MAC, addresses: [GATEWAY_CIDR] },
    { namespace: outside, device: 'eth0', macAddress: EXTERNAL_ROUTER_MAC, addresses: [OUT_CIDR] },
  );
  // Nobody answers ARP on the underlay.
  await ip(namespace, ...hosts.map((host) => `neigh replace ${neighbour(host)} nud permanent`));
  return {
    namespace,
    gateway: createGateway(namespace, settings),
    flood: (flows, packetsPerSecond) =>
      startFlood(
        program,
        {
          underlay: { namespace: underlay, device: 'wire' },
          external: { namespace: outside, device: 'eth0' },
        },
        flows,
        packetsPerSecond,
      ),
  };
}

const GATEWAY_CIDR = '203.0.113.2/24';
const OUT_CIDR = `${OUTSIDE}/24`;

function neighbour(host: string): string {
  return `${host} lladdr ${underlayMac(host).replaceAll('-', ':')} dev underlay`;
}

function wire(near: Port & { readonly macAddress: string }, far: Port): Promise<void> {
  const withColons = ({ macAddress, ...port }: Port): Port => ({
    ...port,
    ...(macAddress === undefined ? {} : { macAddress: macAddress.replaceAll('-', ':') }),
  });
  return connect(withColons(near), withColons(far));
}

/** Its own talk about addresses would be on the wires as well. */
async function withoutIpv6(...namespaces: readonly Namespace[]): Promise<void> {
  for (const namespace of namespaces)
    await setSysctls(namespace, { 'net/ipv6/conf/default/disable_ipv6': '1' });
}

/** A policy with the gateway's PA and these routing domains. */
export function floodPolicy(routingDomains: readonly RoutingDomainDocument[]): PolicyDocument {
  return {
    apiVersion: 'nvgate/v1',
    providerAddresses: [{ address: GATEWAY_PA, prefixLength: 24, interface: 'underlay' }],
    routingDomains: [...routingDomains],
  };
}

/** A VM network of one subnet, its id made of the VSID. */
export function floodDomain(
  vms: readonly VmPlace[],
  connection: NonNullable<RoutingDomainDocument['connections']>[number],
): RoutingDomainDocument {
  const [first] = vms;
  if (first === undefined) throw new Error('A VM network without VMs.');
  const { vsid, gateway, gatewayMac } = first;
  return {
    id: `11111111-2222-3333-4444-${String(vsid).padStart(12, '0')}`,
    virtualSubnets: [
      {
        vsid,
        prefixes: [`${gateway.replace(/\.\d+$/, '')}.0/24`],
        gateway: { address: gateway, macAddress: gatewayMac },
      },
    ],
    lookupRecords: vms.map(recordOf),
    connections: [connection],
  };
}

export function recordOf({ vsid, address, mac, providerAddress }: VmPlace): {
  readonly vsid: number;
  readonly customerAddress: string;
  readonly macAddress: string;
  readonly providerAddress: string;
} {
  return { vsid, customerAddress: address, macAddress: mac, providerAddress };
}

/** A VM in a /24 of which `.1` is the gateway. */
export function floodVm(
  vsid: number,
  address: string,
  providerAddress: string,
  serial = 1,
): VmPlace {
  const digits = serial.toString(16).padStart(2, '0').toUpperCase();
  return {
    ...{ vsid, address, providerAddress },
    ...{ mac: `00-15-5D-01-14-${digits}`, gatewayMac: '10-10-10-10-10-01' },
    ...{ gateway: address.replace(/\.\d+$/, '.1'), gateway6: '::', address6: '::' },
  };
}

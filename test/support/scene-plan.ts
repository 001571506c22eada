import type { VmAddress } from './ovs-nve.js';

/** Addresses of the standard scene: what the hosts have, and what a policy for it says. */
export const PROVIDER_ADDRESSES = {
  host1: '10.1.1.20',
  host2: '10.1.1.30',
  gateway: '10.1.1.40',
} as const;

export const HOST_NAMES = ['host1', 'host2'] as const;
export type HostName = (typeof HOST_NAMES)[number];

export const EXTERNAL = {
  /** The gateway's own address on the external segment. */
  gateway: '203.0.113.2',
  gateway6: '2001:db8:113::2',
  host: '203.0.113.100',
  host6: '2001:db8:113::100',
  /** In the physical network behind the same host. */
  physicalPrefix: '192.168.101.0/24',
  physicalPrefix6: '2001:db8:101::/64',
  physicalHost: '192.168.101.10',
  physicalHost6: '2001:db8:101::10',
  /** What red's VMs are translated to, and where its published port is. */
  natAddress: '203.0.113.10',
  natAddress6: '2001:db8:113::10',
  publishedPort: 8080,
  /** CA of red1, port 80 of which is published. */
  publishedVm: '192.168.1.101',
  publishedVm6: 'fd00:0:0:1::101',
} as const;

interface SubnetPlan {
  readonly vsid: number;
  readonly prefix: string;
  readonly prefix6: string;
  readonly gateway: string;
  readonly gateway6: string;
  readonly gatewayMac: string;
}

interface TenantPlan {
  readonly routingDomain: string;
  readonly subnets: readonly [SubnetPlan, SubnetPlan];
}

/** Two tenants; nothing but the VSIDs and the routing domain tells them apart (N5). */
export const TENANTS: Readonly<Record<'blue' | 'red', TenantPlan>> = {
  blue: {
    routingDomain: '11111111-2222-3333-4444-000000005001',
    subnets: [subnet(5001, 1), subnet(5002, 2)],
  },
  red: {
    routingDomain: '11111111-2222-3333-4444-000000006001',
    subnets: [subnet(6001, 1), subnet(6002, 2)],
  },
};

function subnet(vsid: number, third: 1 | 2): SubnetPlan {
  return {
    vsid,
    prefix: `192.168.${third}.0/24`,
    prefix6: `fd00:0:0:${third}::/64`,
    gateway: `192.168.${third}.1`,
    gateway6: `fd00:0:0:${third}::1`,
    gatewayMac: `10-10-10-10-10-0${third}`,
  };
}

export type TenantName = keyof typeof TENANTS;

/** 1 and 2 are in the tenant's first subnet on different hosts, 3 is in its second. */
export const VM_NAMES = ['blue1', 'blue2', 'blue3', 'red1', 'red2', 'red3'] as const;
export type VmName = (typeof VM_NAMES)[number];

export type Placement = Readonly<Record<VmName, HostName>>;

export function initialPlacement(): Placement {
  return {
    ...{ blue1: 'host1', blue2: 'host2', blue3: 'host2' },
    ...{ red1: 'host1', red2: 'host2', red3: 'host2' },
  };
}

export interface VmPlan {
  readonly tenant: TenantName;
  readonly vsid: number;
  readonly macAddress: string;
  readonly addresses: readonly VmAddress[];
}

/** The addresses of a VM. Those of `blueN` and `redN` are equal, MAC address included. */
export function vmPlan(name: VmName, ipv6 = false): VmPlan {
  const tenant: TenantName = name.startsWith('blue') ? 'blue' : 'red';
  const [first, second] = TENANTS[tenant].subnets;
  const index = name.slice(-1);
  const inSecond = index === '3';
  const plan = inSecond ? second : first;
  const [last, macAddress] = inSecond
    ? ['11', '00-15-5D-02-14-0B']
    : [`10${index}`, `00-15-5D-01-14-0${index}`];
  const { gateway, gateway6 } = plan;
  const network = plan.prefix.replace('0/24', '');
  const network6 = plan.prefix6.replace('/64', '');
  return {
    tenant,
    vsid: plan.vsid,
    macAddress,
    addresses: [
      { customerAddress: `${network}${last}`, prefixLength: 24, gateway },
      ...(ipv6
        ? [{ customerAddress: `${network6}${last}`, prefixLength: 64, gateway: gateway6 }]
        : []),
    ],
  };
}

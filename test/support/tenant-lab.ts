import type {
  ConnectionDocument,
  PolicyDocument,
  RoutingDomainDocument,
} from '../../provider/schemas.js';
import { namespaceName } from '../../src/dataplane/linux/names.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { createGateway, type Gateway } from './gateway.js';
import { createNamespace, foreignNamespace, ip, type Namespace } from './namespace.js';
import { startOvsNve, type OvsNve } from './ovs-nve.js';
import {
  createPhysicalNetwork,
  DMZ_NETWORK,
  EXTERNAL_NETWORK,
  type PhysicalNetwork,
} from './physical-network.js';
import { createSegment, type Segment } from './topology.js';

/** A VM network with one subnet and one VM; its own fields are those of IPv4. */
export interface Tenant extends TenantAddresses {
  readonly name: string;
  readonly routingDomain: string;
  readonly vsid: number;
  /** Only where the lab has IPv6 are they used. */
  readonly ipv6: TenantAddresses;
  readonly macAddress: string;
  /** The VM. */
  readonly vm: Namespace;
}

/** Of one IP family. */
export interface TenantAddresses {
  readonly prefix: string;
  readonly gateway: string;
  readonly customerAddress: string;
}

/**
 * The gateway between one Open vSwitch host (10.1.1.20) with the VMs of all tenants and the
 * physical networks, a host on each:
 *
 *     external   203.0.113.0/24   gateway .2, host .100, behind it 192.168.101.10
 *     dmz        198.51.100.0/24  gateway .2, host .100, behind it 192.168.102.10
 *
 * With IPv6 the same again in 2001:db8:113::/64 and 2001:db8:51::/64, behind them 2001:db8:101::10 and
 * 2001:db8:102::10; a tenant of 192.168.1 also has fd00:192:168:1::/64.
 */
export interface TenantLab {
  readonly underlay: Segment;
  readonly namespace: Namespace;
  readonly gateway: Gateway;
  readonly host: OvsNve;
  readonly external: PhysicalNetwork;
  readonly dmz: PhysicalNetwork;
  /** @throws Error where there is no such tenant */
  tenant(name: string): Tenant;
  /** The namespace that the gateway makes for the tenant. */
  domainNamespace(name: string): Namespace;
  /** The policy for these tenants, each with its connections. */
  policy(connections: Readonly<Record<string, readonly ConnectionDocument[]>>): PolicyDocument;
}

const HOST = '10.1.1.20';
const GATEWAY = '10.1.1.40';

export interface TenantLabOptions {
  /** Every address twice: IPv4 and IPv6. */
  readonly ipv6?: boolean;
}

/**
 * @param networks first three bytes of each tenant's /24, by the tenant's name; they may be equal
 * @param settings of the gateway's configuration
 */
export async function createTenantLab(
  networks: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, unknown>> = {},
  { ipv6 = false }: TenantLabOptions = {},
): Promise<TenantLab> {
  const underlay = await createSegment('underlay');
  const namespace = await createNamespace('gateway');
  await underlay.attach({ namespace, device: 'underlay' });
  const external = await createPhysicalNetwork(namespace, EXTERNAL_NETWORK, ipv6);
  const dmz = await createPhysicalNetwork(namespace, DMZ_NETWORK, ipv6);
  await ip(
    namespace,
    `route add default via ${external.address}`,
    ...(ipv6 ? [`route add default via ${external.ipv6.address}`] : []),
  );

  const hostNamespace = await createNamespace('host');
  await underlay.attach({ namespace: hostNamespace, device: 'uplink', offload: false });
  const host = await startOvsNve({
    ...{ namespace: hostNamespace, device: 'uplink' },
    ...{ providerAddress: HOST, prefixLength: 24 },
  });
  const tenants = new Map<string, Tenant>();
  for (const [index, [name, network]] of Object.entries(networks).entries())
    tenants.set(name, await createTenant(host, { name, network, serial: index + 1, ipv6 }));
  await host.setRoutes(
    [...tenants.values()].map((tenant) => ({
      ...{ vsid: tenant.vsid, macAddress: GATEWAY_MAC, providerAddress: GATEWAY, arp: 'remote' },
      customerAddresses: addressesOf(tenant, ipv6).map(({ gateway }) => gateway),
    })),
  );

  const gateway = createGateway(namespace, {
    external: ['external', 'dmz'].map((device) => ({ name: device, device })),
    ...settings,
  });
  const tenant = (name: string): Tenant => {
    const found = tenants.get(name);
    if (found === undefined) throw new Error(`There is no tenant ${name}.`);
    return found;
  };
  return {
    ...{ underlay, namespace, gateway, host, external, dmz, tenant },
    domainNamespace: (name) =>
      foreignNamespace(
        namespaceName(gateway.instance, RoutingDomainId(tenant(name).routingDomain)),
      ),
    policy: (connections) => ({
      apiVersion: 'nvgate/v1',
      providerAddresses: [{ address: GATEWAY, prefixLength: 24, interface: 'underlay' }],
      routingDomains: Object.entries(connections).map(([name, ways]) =>
        routingDomain(tenant(name), ways, ipv6),
      ),
    }),
  };
}

const GATEWAY_MAC = '10-10-10-10-10-01';

function routingDomain(
  tenant: Tenant,
  connections: readonly ConnectionDocument[],
  ipv6: boolean,
): RoutingDomainDocument {
  const { routingDomain: id, name, vsid, gateway, macAddress } = tenant;
  const addresses = addressesOf(tenant, ipv6);
  return {
    id,
    name,
    virtualSubnets: [
      {
        vsid,
        prefixes: addresses.map(({ prefix }) => prefix),
        gateway: { address: gateway, macAddress: GATEWAY_MAC },
      },
    ],
    lookupRecords: addresses.map(({ customerAddress }) => ({
      ...{ vsid, customerAddress, macAddress, providerAddress: HOST },
    })),
    connections: [...connections],
  };
}

function addressesOf(tenant: Tenant, ipv6: boolean): TenantAddresses[] {
  return ipv6 ? [tenant, tenant.ipv6] : [tenant];
}

interface TenantPlan {
  readonly name: string;
  readonly network: string;
  readonly serial: number;
  readonly ipv6: boolean;
}

async function createTenant(host: OvsNve, plan: TenantPlan): Promise<Tenant> {
  const { name, network, serial, ipv6 } = plan;
  const network6 = `fd00:${network.replaceAll('.', ':')}`;
  const tenant = {
    name,
    routingDomain: `11111111-2222-3333-4444-${String(serial).padStart(12, '0')}`,
    vsid: 5000 + serial,
    prefix: `${network}.0/24`,
    gateway: `${network}.1`,
    customerAddress: `${network}.101`,
    ipv6: {
      prefix: `${network6}::/64`,
      gateway: `${network6}::1`,
      customerAddress: `${network6}::101`,
    },
    macAddress: '00-15-5D-01-14-01',
  };
  const { vsid, macAddress, customerAddress, gateway } = tenant;
  const { namespace: vm } = await host.addVm({
    ...{ name, vsid, macAddress },
    addresses: [
      { customerAddress, prefixLength: 24, gateway },
      ...(ipv6 ? [{ ...tenant.ipv6, prefixLength: 64 }] : []),
    ],
  });
  return { ...tenant, vm };
}

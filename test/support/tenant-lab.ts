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
import { connect, createSegment, type Segment } from './topology.js';

/** A VM network with one subnet and one VM. */
export interface Tenant {
  readonly name: string;
  readonly routingDomain: string;
  readonly vsid: number;
  readonly prefix: string;
  readonly gateway: string;
  readonly customerAddress: string;
  readonly macAddress: string;
  /** The VM. */
  readonly vm: Namespace;
}

/** A physical network: one host on the wire of one of the gateway's external devices. */
export interface PhysicalNetwork {
  readonly device: string;
  readonly host: Namespace;
  /** Of the host, on the wire. */
  readonly address: string;
  /** Of the same host, in a network behind it: {@link TenantLab} says which. */
  readonly remoteAddress: string;
  readonly gatewayAddress: string;
}

/**
 * The gateway between one Open vSwitch host (10.1.1.20) with the VMs of all tenants and the
 * physical networks, a host on each:
 *
 *     external   203.0.113.0/24   gateway .2, host .100, behind it 192.168.101.10
 *     dmz        198.51.100.0/24  gateway .2, host .100, behind it 192.168.102.10
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

/**
 * @param networks first three bytes of each tenant's /24, by the tenant's name; they may be equal
 * @param settings of the gateway's configuration
 */
export async function createTenantLab(
  networks: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<TenantLab> {
  const underlay = await createSegment('underlay');
  const namespace = await createNamespace('gateway');
  await underlay.attach({ namespace, device: 'underlay' });
  const external = await createPhysicalNetwork(namespace, 'external', '203.0.113', 101);
  const dmz = await createPhysicalNetwork(namespace, 'dmz', '198.51.100', 102);
  await ip(namespace, `route add default via ${external.address}`);

  const hostNamespace = await createNamespace('host');
  await underlay.attach({ namespace: hostNamespace, device: 'uplink', offload: false });
  const host = await startOvsNve({
    ...{ namespace: hostNamespace, device: 'uplink' },
    ...{ providerAddress: HOST, prefixLength: 24 },
  });
  const tenants = new Map<string, Tenant>();
  for (const [index, [name, network]] of Object.entries(networks).entries())
    tenants.set(name, await createTenant(host, name, network, index + 1));
  await host.setRoutes(
    [...tenants.values()].map(({ vsid, gateway }) => ({
      ...{ vsid, macAddress: GATEWAY_MAC, providerAddress: GATEWAY, arp: 'remote' },
      customerAddresses: [gateway],
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
        routingDomain(tenant(name), ways),
      ),
    }),
  };
}

const GATEWAY_MAC = '10-10-10-10-10-01';

function routingDomain(
  tenant: Tenant,
  connections: readonly ConnectionDocument[],
): RoutingDomainDocument {
  const { routingDomain: id, name, vsid, prefix, gateway, customerAddress, macAddress } = tenant;
  return {
    id,
    name,
    virtualSubnets: [
      { vsid, prefixes: [prefix], gateway: { address: gateway, macAddress: GATEWAY_MAC } },
    ],
    lookupRecords: [{ vsid, customerAddress, macAddress, providerAddress: HOST }],
    connections: [...connections],
  };
}

async function createTenant(
  host: OvsNve,
  name: string,
  network: string,
  serial: number,
): Promise<Tenant> {
  const plan = {
    name,
    routingDomain: `11111111-2222-3333-4444-${String(serial).padStart(12, '0')}`,
    vsid: 5000 + serial,
    prefix: `${network}.0/24`,
    gateway: `${network}.1`,
    customerAddress: `${network}.101`,
    macAddress: '00-15-5D-01-14-01',
  };
  const { vsid, macAddress, customerAddress, gateway } = plan;
  const { namespace: vm } = await host.addVm({
    ...{ name, vsid, macAddress },
    addresses: [{ customerAddress, prefixLength: 24, gateway }],
  });
  return { ...plan, vm };
}

async function createPhysicalNetwork(
  gateway: Namespace,
  device: string,
  network: string,
  remote: number,
): Promise<PhysicalNetwork> {
  const [gatewayAddress, address] = [`${network}.2`, `${network}.100`];
  const remoteAddress = `192.168.${remote}.10`;
  const host = await createNamespace(`${device}-host`);
  await connect(
    { namespace: gateway, device, addresses: [`${gatewayAddress}/24`] },
    { namespace: host, device: 'eth0', addresses: [`${address}/24`] },
  );
  await ip(host, `address add ${remoteAddress}/32 dev lo`);
  await ip(gateway, `route add 192.168.${remote}.0/24 via ${address}`);
  return { device, host, address, remoteAddress, gatewayAddress };
}

import type { PolicyDocument } from '../../provider/schemas.js';
import { createGateway, type Gateway } from './gateway.js';
import { createNamespace, ip, setSysctls, type Namespace } from './namespace.js';
import { startOvsNve, type OvsNve, type Vm } from './ovs-nve.js';
import { createExternalHost, createGatewayNamespace, gatewayRoutes } from './scene.js';
import { PROVIDER_ADDRESSES, vmPlan } from './scene-plan.js';
import { scenePolicy } from './scene-policy.js';
import { connect, createSegment } from './topology.js';

/**
 * The gateway and a host with routers between them, as many links as there are MTUs between those:
 *
 *     outside ── gateway 10.1.1.40 ──1500── router 1 ──MTU── … ──1500── host 10.2.1.20 (Open vSwitch)
 *
 * The host has the VMs blue1 and red1 of the standard scene, in both families.
 */
export interface PathLab {
  readonly gateway: Gateway;
  /** What the gateway has; the standard policy with one host, behind the routers. */
  readonly policy: PolicyDocument;
  readonly externalHost: Namespace;
  readonly vms: Readonly<Record<'blue1' | 'red1', Vm>>;
  /** The address that router n, from 1, speaks to the gateway from. */
  routerAddress(n: number): string;
}

const HOST = '10.2.1.20';
const HOST_GATEWAY = '10.2.1.1';

/** @param mtus of the links between routers, from the gateway on */
export async function createPathLab(mtus: readonly number[]): Promise<PathLab> {
  const underlay = await createSegment('underlay');
  const external = await createSegment('external');
  const gatewayNamespace = await createGatewayNamespace(underlay, external, true);
  const externalHost = await createExternalHost(external, true);

  const routers: Namespace[] = [];
  for (let n = 1; n <= mtus.length + 1; n++) routers.push(await createRouter(n));
  const [first, last] = [routers[0], routers.at(-1)];
  if (first === undefined || last === undefined) throw new Error('no routers');
  await underlay.attach({ namespace: first, device: 'near', addresses: ['10.1.1.1/24'] });
  for (const [index, mtu] of mtus.entries()) {
    const [near, far] = [routers[index], routers[index + 1]];
    if (near === undefined || far === undefined) continue;
    const [nearAddress, farAddress] = [linkAddress(index, 1), linkAddress(index, 2)];
    await connect(
      { namespace: near, device: 'far', mtu, addresses: [`${nearAddress}/24`] },
      { namespace: far, device: 'near', mtu, addresses: [`${farAddress}/24`] },
    );
    await ip(near, `route add 10.2.1.0/24 via ${farAddress}`);
    await ip(far, `route add 10.1.1.0/24 via ${nearAddress}`);
  }
  const host = await createHost(last);

  const vms = { blue1: await addVm(host, 'blue1'), red1: await addVm(host, 'red1') };
  await host.setRoutes(gatewayRoutes(false, true));
  await host.warm(HOST_GATEWAY);
  const gateway = createGateway(gatewayNamespace);
  await gateway.start();
  const policy = pathPolicy();
  await gateway.apply(policy);
  return {
    ...{ gateway, policy, externalHost, vms },
    routerAddress: (n) => (n === 1 ? '10.1.1.1' : linkAddress(n - 2, 2)),
  };
}

function linkAddress(link: number, end: 1 | 2): string {
  return `10.3.${link}.${end}`;
}

async function createRouter(n: number): Promise<Namespace> {
  const router = await createNamespace(`router${n}`);
  await setSysctls(router, { 'net/ipv4/ip_forward': '1', 'net/ipv4/icmp_ratelimit': '0' });
  return router;
}

async function createHost(router: Namespace): Promise<OvsNve> {
  const namespace = await createNamespace('host');
  await connect(
    { namespace: router, device: 'far', addresses: [`${HOST_GATEWAY}/24`], offload: false },
    { namespace, device: 'uplink', offload: false },
  );
  return startOvsNve({
    ...{ namespace, device: 'uplink', providerAddress: HOST, prefixLength: 24 },
    providerGateway: HOST_GATEWAY,
  });
}

function addVm(host: OvsNve, name: 'blue1' | 'red1'): Promise<Vm> {
  const { vsid, macAddress, addresses } = vmPlan(name, true);
  return host.addVm({ name, vsid, macAddress, addresses });
}

function pathPolicy(): PolicyDocument {
  const { routingDomains = [], ...rest } = scenePolicy({ ipv6: true });
  return {
    ...rest,
    providerRoutes: [{ destinationPrefix: '10.2.1.0/24', nextHop: '10.1.1.1' }],
    routingDomains: routingDomains.map((domain) => ({
      ...domain,
      lookupRecords: (domain.lookupRecords ?? [])
        .filter(({ providerAddress }) => providerAddress === PROVIDER_ADDRESSES.host1)
        .map((record) => ({ ...record, providerAddress: HOST })),
    })),
  };
}

/**
 * What a host that heeds ICMP itself does for its VMs: the VM sends no longer packets, and takes
 * those of full size all the same.
 */
export async function limitSender(vm: Vm, mtu: number): Promise<void> {
  await replaceDefaultRoutes(
    vm,
    (gateway) => `mtu lock ${mtu} advmss ${gateway.includes(':') ? 1398 : 1418}`,
  );
}

/** What a host that ignores ICMP does for its VMs: nothing. */
export async function unlimitSender(vm: Vm): Promise<void> {
  await replaceDefaultRoutes(vm, () => '');
}

async function replaceDefaultRoutes(vm: Vm, metrics: (gateway: string) => string): Promise<void> {
  const gateways = vm.addresses.flatMap(({ gateway }) => gateway ?? []);
  await ip(
    vm.namespace,
    ...gateways.map((gateway) => `route replace default via ${gateway} ${metrics(gateway)}`),
  );
}

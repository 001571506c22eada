import { createHost } from './host.js';
import { createNamespace, ip, type Namespace } from './namespace.js';
import { moveVm, routeTo, startOvsNve, type NveRoute, type OvsNve, type Vm } from './ovs-nve.js';
import {
  EXTERNAL,
  HOST_NAMES,
  initialPlacement,
  PROVIDER_ADDRESSES,
  TENANTS,
  vmPlan,
  type HostName,
  type Placement,
  type VmName,
  VM_NAMES,
} from './scene-plan.js';
import { createSegment, type Segment } from './topology.js';

export interface SceneOptions {
  /** The hosts answer ARP for the gateway addresses themselves; else the gateway does. */
  readonly distributed?: boolean;
  /** Every address twice: IPv4 and IPv6. */
  readonly ipv6?: boolean;
  /** 1500 where absent. */
  readonly underlayMtu?: number;
}

/**
 * Two hosts with VMs of two tenants that have the same addresses, a place for the gateway, and a
 * physical network:
 *
 *     host1 10.1.1.20 ──┐ underlay            external ┌── 203.0.113.100, 192.168.101.10
 *     host2 10.1.1.30 ──┴──────── gateway ─────────────┘
 *
 * The gateway's namespace has the devices `underlay`, without an address: its PA 10.1.1.40 is
 * policy, and `external` with 203.0.113.2.
 */
export interface Scene {
  readonly underlay: Segment;
  readonly external: Segment;
  readonly gateway: Namespace;
  readonly externalHost: Namespace;
  readonly hosts: Readonly<Record<HostName, OvsNve>>;
  readonly vms: Readonly<Record<VmName, Vm>>;
  /** Where each VM is now. */
  placement(): Placement;
  /** Lets the hosts resolve the gateway's PA, once it has it: else the first packet waits for ARP. */
  warmGateway(): Promise<void>;
  /** Live migration: moves the VM and tells the hosts. The gateway's policy is the caller's. */
  migrate(vm: VmName, to: HostName): Promise<void>;
}

/** Builds the scene; `cleanUp` of process-owner removes it, at the latest when the process ends. */
export async function createScene(options: SceneOptions = {}): Promise<Scene> {
  const { distributed = false, ipv6 = false, underlayMtu = 1500 } = options;
  const underlay = await createSegment('underlay', underlayMtu);
  const external = await createSegment('external');
  const gateway = await createGatewayNamespace(underlay, external, ipv6);
  const externalHost = await createExternalHost(external, ipv6);
  const [host1, host2] = await Promise.all([
    createNveHost('host1', underlay),
    createNveHost('host2', underlay),
  ]);
  const hosts = { host1, host2 };

  let placement = initialPlacement();
  const created = await Promise.all(
    VM_NAMES.map(async (name) => {
      const { vsid, macAddress, addresses } = vmPlan(name, ipv6);
      return [name, await hosts[placement[name]].addVm({ name, vsid, macAddress, addresses })];
    }),
  );
  const vms = Object.fromEntries(created) as Record<VmName, Vm>;

  const programHosts = async (): Promise<void> => {
    for (const here of HOST_NAMES) {
      const elsewhere = VM_NAMES.filter((name) => placement[name] !== here).map((name) =>
        routeTo(vms[name], PROVIDER_ADDRESSES[placement[name]]),
      );
      await hosts[here].setRoutes([...elsewhere, ...gatewayRoutes(distributed, ipv6)]);
    }
  };
  await programHosts();
  const warm = async (...providerAddresses: readonly string[]): Promise<void> => {
    await Promise.all(HOST_NAMES.map((name) => hosts[name].warm(...providerAddresses)));
  };
  await warm(PROVIDER_ADDRESSES.host1, PROVIDER_ADDRESSES.host2);

  return {
    ...{ underlay, external, gateway, externalHost, hosts, vms },
    placement: () => placement,
    warmGateway: () => warm(PROVIDER_ADDRESSES.gateway),
    async migrate(name, to) {
      const from = placement[name];
      if (from === to) return;
      placement = { ...placement, [name]: to };
      await moveVm(vms[name], hosts[from], hosts[to]);
      await programHosts();
    },
  };
}

async function createNveHost(name: HostName, underlay: Segment): Promise<OvsNve> {
  const namespace = await createNamespace(name);
  await underlay.attach({ namespace, device: 'uplink', offload: false });
  const providerAddress = PROVIDER_ADDRESSES[name];
  return startOvsNve({ namespace, device: 'uplink', providerAddress, prefixLength: 24 });
}

/** What a gateway finds: the devices `underlay` and `external`, and its default routes. */
export async function createGatewayNamespace(
  underlay: Segment,
  external: Segment,
  ipv6: boolean,
): Promise<Namespace> {
  const namespace = await createNamespace('gateway');
  await underlay.attach({ namespace, device: 'underlay' });
  const addresses = [`${EXTERNAL.gateway}/24`, ...(ipv6 ? [`${EXTERNAL.gateway6}/64`] : [])];
  await external.attach({ namespace, device: 'external', addresses });
  await ip(
    namespace,
    `route add default via ${EXTERNAL.host}`,
    ...(ipv6 ? [`route add default via ${EXTERNAL.host6}`] : []),
  );
  return namespace;
}

/** The physical network: a host beside the gateway and one address behind it. */
export function createExternalHost(segment: Segment, ipv6: boolean): Promise<Namespace> {
  const { subnets } = TENANTS.blue;
  return createHost({
    label: 'external-host',
    segment,
    addresses: [`${EXTERNAL.host}/24`, ...(ipv6 ? [`${EXTERNAL.host6}/64`] : [])],
    loopbackAddresses: [
      `${EXTERNAL.physicalHost}/32`,
      ...(ipv6 ? [`${EXTERNAL.physicalHost6}/128`] : []),
    ],
    routes: subnets.flatMap(({ prefix, prefix6 }) => [
      `${prefix} via ${EXTERNAL.gateway}`,
      ...(ipv6 ? [`${prefix6} via ${EXTERNAL.gateway6}`] : []),
    ]),
  });
}

/** How hosts reach the gateway in all subnets. */
export function gatewayRoutes(distributed: boolean, ipv6: boolean): NveRoute[] {
  return Object.values(TENANTS).flatMap(({ subnets }) =>
    subnets.map(({ vsid, gatewayMac, gateway, gateway6 }) => ({
      vsid,
      macAddress: gatewayMac,
      customerAddresses: [gateway, ...(ipv6 ? [gateway6] : [])],
      providerAddress: PROVIDER_ADDRESSES.gateway,
      arp: distributed ? 'local' : 'remote',
    })),
  );
}

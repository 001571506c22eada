import { join } from 'node:path';
import { createDirectory, ip, ipJson, runIn, setSysctls, type Namespace } from './namespace.js';
import { flowsOf, type NveRoute, type NveVm } from './ovs-nve-flows.js';
import { patience } from './patience.js';
import { ping } from './ping.js';
import { start } from './process.js';
import { createVm, type Vm, type VmOptions } from './vm.js';

export type { NveRoute } from './ovs-nve-flows.js';
export type { Vm, VmAddress, VmOptions } from './vm.js';

/** Open vSwitch as the NVGRE end point of a host: nothing of ours speaks NVGRE there. */
export interface OvsNve {
  readonly namespace: Namespace;
  readonly providerAddress: string;
  /** Makes a VM: a namespace with one device `eth0`, plugged into the host's switch. */
  addVm(options: VmOptions): Promise<Vm>;
  /** Replaces everything that the host knows of VMs and gateways elsewhere, in one transaction. */
  setRoutes(routes: readonly NveRoute[]): Promise<void>;
  /** Resolves the PAs' MAC addresses, so that the first packet to them is not lost. */
  warm(...providerAddresses: readonly string[]): Promise<void>;
  /** Takes the VM off this host, its device with it; see {@link moveVm}. */
  unplug(vm: Vm, to: Namespace): Promise<void>;
  plug(vm: Vm): Promise<void>;
  /** Asks the daemon of this host: `ovs-appctl` with these arguments. */
  appctl(...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

export interface OvsNveOptions {
  /** The host. */
  readonly namespace: Namespace;
  /** Its device on the underlay, without an address. */
  readonly device: string;
  readonly providerAddress: string;
  readonly prefixLength: number;
  /** Router for PAs on other subnets. */
  readonly providerGateway?: string;
  /** Who carries the packets; user space where absent. The kernel needs the module openvswitch. */
  readonly datapath?: 'user' | 'kernel';
}

const PA_BRIDGE = 'pa';
const VM_BRIDGE = 'vms';
const TUNNEL = 'nvgre';
const TUNNEL_PORT = 1;

/**
 * Starts an Open vSwitch of its own (database, daemon, sockets in a directory of its own) in the
 * host's namespace. In user space the PA is on the local port of a bridge that has the underlay
 * device; with the kernel's datapath it is on the device, and the kernel's GRE takes what comes.
 */
export async function startOvsNve(options: OvsNveOptions): Promise<OvsNve> {
  const {
    namespace,
    device,
    providerAddress,
    prefixLength,
    providerGateway,
    datapath = 'user',
  } = options;
  const directory = createDirectory('ovs');
  const environment = {
    OVS_RUNDIR: directory,
    OVS_LOGDIR: directory,
    OVS_DBDIR: directory,
    OVS_SYSCONFDIR: directory,
  };
  const database = `unix:${join(directory, 'db.sock')}`;
  const ovs = (command: string, args: readonly string[], input?: string): Promise<string> =>
    runIn(namespace, command, args, {
      env: environment,
      ...(input === undefined ? {} : { input }),
    });
  const vsctl = (...args: readonly string[]): Promise<string> =>
    ovs('ovs-vsctl', [`--db=${database}`, '--retry', `--timeout=${patience(20)}`, ...args]);

  const databaseFile = join(directory, 'conf.db');
  await ovs('ovsdb-tool', ['create', databaseFile, '/usr/share/openvswitch/vswitch.ovsschema']);
  const quiet = ['-vconsole:off', '--no-chdir'];
  const databaseServer = start(
    'ovsdb-server',
    [databaseFile, `--remote=p${database}`, `--unixctl=${join(directory, 'db.ctl')}`, ...quiet],
    { namespace, env: environment },
  );
  await vsctl('--no-wait', 'init');
  const control = join(directory, 'vswitchd.ctl');
  const vswitchd = start(
    'ovs-vswitchd',
    [
      ...[database, `--unixctl=${control}`, '--log-file', ...quiet],
      ...(datapath === 'user' ? ['--disable-system'] : []),
    ],
    { namespace, env: environment },
  );

  const paDevice = datapath === 'user' ? PA_BRIDGE : device;
  if (datapath === 'user') {
    await keepKernelOut(namespace, device);
    await vsctl(
      ...['--', 'add-br', PA_BRIDGE, '--', 'set', 'bridge', PA_BRIDGE, 'datapath_type=netdev'],
      ...['--', 'add-port', PA_BRIDGE, device],
    );
  }
  await vsctl(
    ...['--', 'add-br', VM_BRIDGE, '--', 'set', 'bridge', VM_BRIDGE, 'fail_mode=secure'],
    ...[`datapath_type=${datapath === 'user' ? 'netdev' : 'system'}`],
    ...['--', 'add-port', VM_BRIDGE, TUNNEL],
    ...['--', 'set', 'interface', TUNNEL, 'type=gre', `ofport_request=${TUNNEL_PORT}`],
    ...['options:key=flow', 'options:remote_ip=flow', 'options:packet_type=legacy_l2'],
  );
  await ip(
    namespace,
    `address add ${providerAddress}/${prefixLength} dev ${paDevice}`,
    `link set ${paDevice} up`,
    ...(providerGateway === undefined ? [] : [`route add default via ${providerGateway}`]),
  );

  const vms = new Map<string, NveVm>();
  let lastPort = TUNNEL_PORT;
  let routes: readonly NveRoute[] = [];
  const program = async (): Promise<void> => {
    const flows = flowsOf({ tunnelPort: TUNNEL_PORT, vms: [...vms.values()], routes });
    const args = ['--bundle', '-O', 'OpenFlow14', 'replace-flows', VM_BRIDGE, '-'];
    await ovs('ovs-ofctl', args, `${flows.join('\n')}\n`);
  };
  const appctl = (...args: readonly string[]): Promise<string> =>
    ovs('ovs-appctl', ['-t', control, ...args]);
  const plug = async (vm: Vm): Promise<void> => {
    await ip(namespace, `link set ${vm.name} up`);
    const port = (lastPort += 1);
    await vsctl(
      ...['add-port', VM_BRIDGE, vm.name],
      ...['--', 'set', 'interface', vm.name, `ofport_request=${port}`],
    );
    vms.set(vm.name, { ...vm, customerAddresses: addressesOf(vm), port });
    await program();
  };

  return {
    namespace,
    providerAddress,
    async addVm(vmOptions) {
      const vm = await createVm(vmOptions, namespace, datapath === 'kernel');
      await plug(vm);
      return vm;
    },
    async setRoutes(newRoutes) {
      routes = newRoutes;
      await program();
    },
    async warm(...providerAddresses) {
      for (const address of providerAddresses) {
        await ping(namespace, address, { count: 1 });
        if (datapath === 'kernel') continue;
        const mac = await neighbourMac(namespace, address);
        // The switch learns from ARP replies only, the kernel also from requests: tell it.
        if (mac !== undefined) await appctl('tnl/neigh/set', PA_BRIDGE, address, mac);
      }
    },
    async unplug(vm, to) {
      vms.delete(vm.name);
      await program();
      await vsctl('del-port', VM_BRIDGE, vm.name);
      await ip(namespace, `link set ${vm.name} netns ${to.name}`);
    },
    plug,
    appctl,
    async stop() {
      await vswitchd.stop();
      await databaseServer.stop();
    },
  };
}

/**
 * Live migration: the VM keeps its namespace, device, addresses and connections and is from now on
 * behind the other host. Everybody's routes to it are the caller's business, as a controller's.
 */
export async function moveVm(vm: Vm, from: OvsNve, to: OvsNve): Promise<void> {
  await from.unplug(vm, to.namespace);
  await to.plug(vm);
}

async function neighbourMac(namespace: Namespace, address: string): Promise<string | undefined> {
  const known = await ipJson(namespace, 'neighbour', 'show', address, 'dev', PA_BRIDGE);
  return (known as { lladdr?: string }[])[0]?.lladdr;
}

export function addressesOf(vm: VmOptions): string[] {
  return vm.addresses.map(({ customerAddress }) => customerAddress);
}

/** How another host reaches the VM; ARP for it is answered from policy, never sent (N7). */
export function routeTo(vm: VmOptions, providerAddress: string): NveRoute {
  const { vsid, macAddress } = vm;
  return { vsid, macAddress, customerAddresses: addressesOf(vm), providerAddress, arp: 'local' };
}

/**
 * The switch reads the underlay device beside the kernel, which must not answer too: neither ARP
 * for the PA nor ICMP "protocol unreachable" to GRE.
 */
async function keepKernelOut(namespace: Namespace, device: string): Promise<void> {
  await setSysctls(namespace, {
    'net/ipv4/conf/all/arp_ignore': '1',
    'net/ipv6/conf/all/disable_ipv6': '1',
    'net/ipv6/conf/default/disable_ipv6': '1',
  });
  await runIn(namespace, 'nft', ['add table netdev nve']);
  await runIn(namespace, 'nft', [
    `add chain netdev nve ingress { type filter hook ingress device ${device} priority 0; policy drop; }`,
  ]);
}

import { createNamespace, ip, type Namespace } from './namespace.js';
import { connect } from './topology.js';

export interface VmOptions {
  /** Short: it names the VM's device on the host. */
  readonly name: string;
  readonly vsid: number;
  readonly macAddress: string;
  readonly addresses: readonly VmAddress[];
  /** 1458 where absent: what an underlay of 1500 carries. */
  readonly mtu?: number;
}

export interface VmAddress {
  readonly customerAddress: string;
  readonly prefixLength: number;
  /** CA of the default router. */
  readonly gateway?: string;
}

/** A VM: a namespace with one device `eth0`. */
export interface Vm extends VmOptions {
  readonly namespace: Namespace;
}

/**
 * Makes a VM whose device has its other end in the host's namespace, under the VM's name.
 * @param offload false where user space reads its frames: they must be complete
 */
export async function createVm(options: VmOptions, host: Namespace, offload: boolean): Promise<Vm> {
  const { name, macAddress, addresses, mtu = 1458 } = options;
  const namespace = await createNamespace(name);
  await connect(
    {
      namespace,
      device: 'eth0',
      macAddress: macAddress.replaceAll('-', ':'),
      addresses: addresses.map((each) => `${each.customerAddress}/${each.prefixLength}`),
      ...{ mtu, offload },
    },
    { namespace: host, device: name, mtu },
  );
  const gateways = addresses.flatMap(({ gateway }) => gateway ?? []);
  await ip(namespace, ...gateways.map((gateway) => `route add default via ${gateway}`));
  return { ...options, namespace };
}

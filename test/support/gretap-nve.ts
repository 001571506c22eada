import { ip, runIn, type Namespace } from './namespace.js';
import { createVm, type Vm, type VmOptions } from './vm.js';

/** A Linux host whose `gretap` devices speak NVGRE with the gateway, and with nobody else. */
export interface GretapNve {
  readonly namespace: Namespace;
  /**
   * Makes a VM, the only one of its virtual subnet here. All that it sends has the one FlowID: the
   * key of a gretap device is fixed. It hears the gateway with any FlowID.
   */
  addVm(options: VmOptions, flowId: number): Promise<Vm>;
}

export interface GretapNveOptions {
  /** The host. */
  readonly namespace: Namespace;
  /** Its device on the underlay, without an address. */
  readonly device: string;
  readonly providerAddress: string;
  readonly prefixLength: number;
  /** PA of the gateway. */
  readonly gateway: string;
}

/** The device that takes every packet of whose key no other device is. */
const ANY_KEY = 'any-key';

/** Needs the kernel's module ip_gre. */
export async function startGretapNve(options: GretapNveOptions): Promise<GretapNve> {
  const { namespace, device, providerAddress, prefixLength, gateway } = options;
  await ip(
    namespace,
    `address add ${providerAddress}/${prefixLength} dev ${device}`,
    `link set ${device} up`,
    `link add ${ANY_KEY} type gretap external`,
    `link set ${ANY_KEY} mtu 1458 up`,
  );
  await tc(namespace, `qdisc add dev ${ANY_KEY} clsact`);
  return {
    namespace,
    async addVm(vmOptions, flowId) {
      const { name, vsid } = vmOptions;
      const vm = await createVm(vmOptions, namespace, true);
      const tunnel = `vsid${vsid}`;
      const key = (flow: number): number => vsid * 256 + flow;
      await ip(
        namespace,
        `link set ${name} up`,
        `link add ${tunnel} type gretap local ${providerAddress} remote ${gateway} key ${key(flowId)}`,
        `link set ${tunnel} mtu 1458 up`,
      );
      const redirect = (to: string): string => `action mirred egress redirect dev ${to}`;
      await tc(
        namespace,
        ...[name, tunnel].map((each) => `qdisc add dev ${each} clsact`),
        `filter add dev ${name} ingress matchall ${redirect(tunnel)}`,
        `filter add dev ${tunnel} ingress matchall ${redirect(name)}`,
        // tc compares keys as a whole, so there is a filter for each FlowID.
        ...Array.from({ length: 256 }, (_, flow) =>
          [
            `filter add dev ${ANY_KEY} ingress protocol all prio 1 flower enc_key_id ${key(flow)}`,
            `action tunnel_key unset ${redirect(name)}`,
          ].join(' '),
        ),
      );
      return vm;
    },
  };
}

/** Runs `tc` commands in the namespace, one a line, in one process. Stops at the first failure. */
async function tc(namespace: Namespace, ...commands: readonly string[]): Promise<void> {
  await runIn(namespace, 'tc', ['-batch', '-'], { input: `${commands.join('\n')}\n` });
}

import { environmentDevices, type Environment } from '../../src/dataplane/compile/environment.js';
import {
  loadObject,
  type LoadedObject,
  type ObjectOptions,
} from '../../src/dataplane/bpf/object.js';
import { createKernelDataPlane } from '../../src/dataplane/kernel.js';
import { externalGroup } from '../../src/dataplane/linux/names.js';
import { createLinuxNetwork } from '../../src/dataplane/linux/network.js';
import type { DataPlane } from '../../src/dataplane/port.js';
import { mountBpf } from './bpf-mount.js';
import { instanceName, removeNamespaces } from './gateway-instance.js';
import { createNamespace, ip, type Namespace } from './namespace.js';
import { enterNamespace } from './network-namespace-thread.js';

/** The real data plane in a namespace that stands for the gateway's, without traffic. */
export interface KernelSubject {
  readonly namespace: Namespace;
  readonly environment: Environment;
  readonly dataPlane: DataPlane;
  /** Its maps, as they are in the kernel. */
  readonly maps: LoadedObject['maps'];
  /**
   * Another data plane on the same kernel state, as a restarted daemon has it.
   * @param maxEntries sizes of maps that differ from the first one's
   */
  reopen(maxEntries?: ObjectOptions['maxEntries']): DataPlane;
  dispose(): Promise<void>;
}

const MTUS = new Map([
  ['underlay', 1500],
  ['external', 1500],
]);

/** The calling thread lives in the gateway's namespace until `dispose`. */
export async function createKernelSubject(): Promise<KernelSubject> {
  const namespace = await createNamespace('gateway');
  await ip(
    namespace,
    'link add underlay type veth peer name underlay-p',
    'link add external type veth peer name external-p',
    ...['underlay', 'underlay-p', 'external', 'external-p'].map((name) => `link set ${name} up`),
  );
  const instance = instanceName();
  const mount = mountBpf();
  const leave = enterNamespace(namespace.path);
  const opened: DataPlane[] = [];
  const load = (maxEntries: ObjectOptions['maxEntries'] = {}): LoadedObject =>
    loadObject({
      path: 'dist/bpf/nvgate.bpf.o',
      pinDirectory: `${mount.path}/${instance}`,
      maxEntries: { lookup_records: 4096, provider_peers: 4096, ...maxEntries },
    });
  const open = (object: LoadedObject): DataPlane => {
    const dataPlane = createKernelDataPlane({
      network: createLinuxNetwork({
        instance,
        devices: new Map([
          ['underlay', 'underlay'],
          ['external', 'external'],
        ]),
      }),
      object,
      underlay: ['underlay'],
      external: ['external'],
    });
    opened.push(dataPlane);
    return dataPlane;
  };
  const object = load();
  return {
    namespace,
    environment: {
      underlay: environmentDevices([{ name: 'underlay', device: 'underlay' }], MTUS),
      external: environmentDevices([{ name: 'external', device: 'external' }], MTUS),
      firewallTable: instance,
      externalGroup: externalGroup(instance),
      tunnels: new Map(),
      multicastPacketsPerSecond: 1000,
      pathMtus: new Map(),
      shortWay: true,
    },
    dataPlane: open(object),
    maps: object.maps,
    reopen: (maxEntries) => open(load(maxEntries)),
    async dispose() {
      for (const dataPlane of opened) await dataPlane.close();
      leave();
      removeNamespaces(instance);
      mount.remove();
      namespace.remove();
    },
  };
}

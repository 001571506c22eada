import { ip } from '../../support/namespace.js';
import { startOvsNve } from '../../support/ovs-nve.js';
import { ethernet, nvgre } from '../../support/packets.js';
import { tryRun } from '../../support/process.js';
import { createNvgreEnd } from './nvgre-end.js';
import type { Topology } from './path.js';
import {
  FIRST_VSID,
  GATEWAY_PA,
  HOST_PA,
  neighbour,
  OUTSIDE,
  VM_MAC,
  VM_ROUTER,
  vmAddress,
} from './plan.js';
import { createQuietNamespace, macBytes, macOf } from './quiet-namespace.js';
import { smallPacket } from './small-packet.js';
import { createWireEnd } from './wire-end.js';

const OUTSIDE_MAC = '02-00-00-00-00-64';
const VSID = FIRST_VSID + 1;

export async function ovsMissing(): Promise<string | undefined> {
  const { status, stderr } = await tryRun('ovs-vswitchd', ['--version']);
  return status === 0 ? undefined : `Open vSwitch is not installed: ${stderr.trim()}`;
}

/**
 * Open vSwitch as the gateway, GRE in user space (`datapath_type=netdev`): the outside is plugged
 * into its switch. It switches and does not route, which is a step less than the others have.
 */
export async function createOvs(): Promise<Topology> {
  const gateway = await createQuietNamespace('gateway');
  const host = await createNvgreEnd(gateway, 'underlay', {
    ...{ networks: 1, gatewayMac: OUTSIDE_MAC, offload: false, answersArp: true },
  });
  const ovs = await startOvsNve({
    ...{ namespace: gateway, device: 'underlay', providerAddress: GATEWAY_PA, prefixLength: 24 },
  });
  const { namespace: outside } = await ovs.addVm({
    ...{ name: 'outside', vsid: VSID, macAddress: OUTSIDE_MAC },
    addresses: [{ customerAddress: OUTSIDE, prefixLength: 24 }],
  });
  await ovs.setRoutes([
    {
      ...{ vsid: VSID, macAddress: VM_MAC, providerAddress: HOST_PA, arp: 'local' },
      customerAddresses: [vmAddress(1)],
    },
  ]);
  await ovs.warm(HOST_PA);
  // The bridge with the PA has an address of its own.
  await ip(host.namespace, neighbour(VM_ROUTER, await macOf(gateway, 'pa'), 'wire'));
  await ip(
    outside,
    `route add ${vmAddress(1)}/32 dev eth0`,
    neighbour(vmAddress(1), VM_MAC, 'eth0'),
  );
  const end = await createWireEnd({ namespace: outside, device: 'eth0' });

  const encapsulated = nvgre({
    ...{ from: HOST_PA, to: GATEWAY_PA, vsid: VSID },
    ...{ innerSource: VM_MAC, innerDestination: OUTSIDE_MAC },
    inner: smallPacket(vmAddress(1), OUTSIDE),
  });
  encapsulated.set(await macBytes(gateway, 'pa'));
  return {
    out: {
      name: 'Open vSwitch in user space',
      entry: { namespace: gateway, device: 'underlay' },
      sender: { namespace: host.namespace, device: 'wire' },
      frames: [encapsulated],
      received: () => end.received(),
    },
    in: {
      name: 'Open vSwitch in user space, inwards',
      entry: { namespace: gateway, device: 'outside' },
      sender: { namespace: outside, device: 'eth0' },
      frames: [ethernet({ destination: VM_MAC, payload: smallPacket(OUTSIDE, vmAddress(1)) })],
      received: () => host.received(),
    },
    ends: {
      ...{ client: host.namespace, clientAddresses: [vmAddress(1)] },
      ...{ server: outside, serverAddress: OUTSIDE },
    },
    async remove() {
      await ovs.stop();
      for (const each of [host, end]) each.close();
      for (const namespace of [host.namespace, outside, gateway]) namespace.remove();
    },
  };
}

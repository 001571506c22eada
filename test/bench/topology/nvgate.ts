import { createGateway, type Gateway } from '../../support/gateway.js';
import { ip, type Namespace } from '../../support/namespace.js';
import { ethernet, nvgre } from '../../support/packets.js';
import { nvgatePolicy, SECOND_SUBNET_VM, type Connection } from './nvgate-policy.js';
import { createNvgreEnd } from './nvgre-end.js';
import { createOutside } from './outside.js';
import type { Ends, Topology } from './path.js';
import {
  FIRST_VSID,
  GATEWAY_MAC,
  GATEWAY_PA,
  HOST_PA,
  neighbour,
  OUTSIDE,
  VM_MAC,
  vmAddress,
  vmAddresses,
} from './plan.js';
import { createQuietNamespace, macBytes, macOf } from './quiet-namespace.js';
import { smallPacket } from './small-packet.js';

/** nvgate between the two ends, its daemon running. */
export interface NvgateTopology extends Topology {
  readonly gateway: Gateway;
  readonly ends: Ends;
  /** The gateway's own namespace. */
  readonly namespace: Namespace;
}

/**
 *     host (NVGRE) ── underlay | nvgate | external ── outside
 */
export async function createNvgate(
  connection: Connection,
  networks: number,
  receiveSteering: 'auto' | 'never' = 'never',
): Promise<NvgateTopology> {
  const namespace = await createQuietNamespace('gateway');
  const host = await createNvgreEnd(namespace, 'underlay', { networks });
  const outside = await createOutside(namespace, 'external');
  await ip(namespace, neighbour(HOST_PA, await macOf(host.namespace, 'wire'), 'underlay'));
  const gateway = createGateway(namespace, { receiveSteering });
  await gateway.start();
  await gateway.apply(nvgatePolicy(connection, networks));

  const underlayMac = await macBytes(namespace, 'underlay');
  const fromVm = (network: number, to: string): Uint8Array => {
    const frame = nvgre({
      ...{ from: HOST_PA, to: GATEWAY_PA, vsid: FIRST_VSID + network },
      ...{ innerSource: VM_MAC, innerDestination: GATEWAY_MAC },
      inner: smallPacket(vmAddress(network), to),
    });
    frame.set(underlayMac);
    return frame;
  };
  const name = `nvgate, ${connection}`;
  const sides = {
    entry: { namespace, device: 'underlay' },
    sender: { namespace: host.namespace, device: 'wire' },
  };
  const out = {
    ...{ name, ...sides, frames: [fromVm(1, OUTSIDE)] },
    received: () => outside.received(),
  };
  return {
    ...{ gateway, namespace, out },
    all: {
      ...out,
      frames: vmAddresses(networks).map((_, index) => fromVm(index + 1, OUTSIDE)),
    },
    hairpin: {
      ...{ name: `${name}, VM to VM`, ...sides, frames: [fromVm(1, SECOND_SUBNET_VM)] },
      received: () => host.received(),
    },
    in: {
      ...{ name: `${name}, inwards`, entry: { namespace, device: 'external' }, sender: outside },
      frames: [
        ethernet({
          destination: await macOf(namespace, 'external'),
          payload: smallPacket(OUTSIDE, vmAddress(1)),
        }),
      ],
      received: () => host.received(),
    },
    ends: {
      ...{ client: host.namespace, clientAddresses: vmAddresses(networks) },
      ...{ server: outside.namespace, serverAddress: OUTSIDE },
    },
    async remove() {
      await gateway.remove();
      for (const end of [host, outside]) end.close();
      for (const each of [host.namespace, namespace, outside.namespace]) each.remove();
    },
  };
}

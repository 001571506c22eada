import { ip } from '../../support/namespace.js';
import { ethernet, nvgre } from '../../support/packets.js';
import { connect } from '../../support/topology.js';
import { createNvgreEnd } from './nvgre-end.js';
import type { Topology } from './path.js';
import {
  FIRST_VSID,
  GATEWAY_MAC,
  GATEWAY_PA,
  HOST_PA,
  neighbour,
  OUTSIDE,
  VM_MAC,
  vmAddress,
} from './plan.js';
import { createQuietNamespace, macBytes, macOf } from './quiet-namespace.js';
import { smallPacket } from './small-packet.js';
import { createWireEnd } from './wire-end.js';

/**
 * The two ends with nothing in between: what they could do, were the gateway free.
 *
 *     host ── outside
 */
export async function createDirect(): Promise<Topology> {
  const host = await createQuietNamespace('host');
  const outside = await createQuietNamespace('outside');
  const [vm, server] = [vmAddress(1), OUTSIDE];
  await connect(
    { namespace: host, device: 'wire', addresses: [`${vm} peer ${server}`] },
    { namespace: outside, device: 'wire', addresses: [`${server} peer ${vm}`] },
  );
  const entry = { namespace: outside, device: 'wire' };
  const outsideMac = await macOf(outside, 'wire');
  await ip(host, neighbour(server, outsideMac, 'wire'));
  await ip(outside, neighbour(vm, await macOf(host, 'wire'), 'wire'));
  const end = await createWireEnd(entry);
  return {
    out: {
      ...{ name: 'nothing', entry, sender: { namespace: host, device: 'wire' } },
      frames: [ethernet({ destination: outsideMac, payload: smallPacket(vm, server) })],
      received: () => end.received(),
    },
    ends: { client: host, clientAddresses: [vm], server: outside, serverAddress: server },
    remove() {
      end.close();
      for (const namespace of [host, outside]) namespace.remove();
      return Promise.resolve();
    },
  };
}

/**
 * The same with NVGRE at the host's wire, which the server's wire ends: what of a stream's cost is the
 * hosts'. What the server sends travels bare.
 */
export async function createNvgreDirect(): Promise<Topology> {
  const outside = await createQuietNamespace('outside');
  const host = await createNvgreEnd(outside, 'wire', { networks: 1 });
  const [vm, server] = [vmAddress(1), OUTSIDE];
  await ip(
    outside,
    `address add ${server} peer ${vm} dev wire`,
    neighbour(vm, await macOf(host.namespace, 'wire'), 'wire'),
  );
  const entry = { namespace: outside, device: 'wire' };
  const end = await createWireEnd(entry);
  const frame = nvgre({
    ...{ from: HOST_PA, to: GATEWAY_PA, vsid: FIRST_VSID + 1 },
    ...{ innerSource: VM_MAC, innerDestination: GATEWAY_MAC, inner: smallPacket(vm, server) },
  });
  frame.set(await macBytes(outside, 'wire'));
  return {
    out: {
      ...{ name: 'nothing, NVGRE', entry, sender: { namespace: host.namespace, device: 'wire' } },
      frames: [frame],
      received: () => end.received(),
    },
    ends: { client: host.namespace, clientAddresses: [vm], server: outside, serverAddress: server },
    remove() {
      for (const each of [host, end]) each.close();
      for (const namespace of [host.namespace, outside]) namespace.remove();
      return Promise.resolve();
    },
  };
}

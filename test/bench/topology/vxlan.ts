import { ip } from '../../support/namespace.js';
import { ethernet, udp } from '../../support/packets.js';
import { tryRun } from '../../support/process.js';
import { connect } from '../../support/topology.js';
import { createOutside } from './outside.js';
import type { Topology } from './path.js';
import {
  FIRST_VSID,
  GATEWAY_PA,
  HOST_PA,
  neighbour,
  OUTSIDE,
  OUTSIDE_NETWORK,
  VM_MAC,
  VM_NETWORK,
  VM_ROUTER,
  vmAddress,
} from './plan.js';
import { createQuietNamespace, createRouter, macOf } from './quiet-namespace.js';
import { smallPacket } from './small-packet.js';
import { createWireEnd } from './wire-end.js';

const PORT = 4789;
const VNI = FIRST_VSID + 1;
const GATEWAY_VNET_MAC = '02:00:00:00:00:01';

/** Why this kernel cannot do it; undefined where it can. */
export async function vxlanMissing(): Promise<string | undefined> {
  const probe = await createQuietNamespace('probe');
  const { status, stderr } = await tryRun('ip', [
    ...['-n', probe.name, 'link', 'add', 'probe', 'type', 'vxlan', 'id', '1', 'dstport', '4789'],
  ]);
  probe.remove();
  return status === 0 ? undefined : `no VXLAN device in this kernel: ${stderr.trim()}`;
}

/**
 * Kernel VXLAN in NVGRE's place, everything else as nvgate has it: a namespace per VM network, one
 * routing step in it and one in the gateway's.
 *
 *     host (VXLAN) ── underlay | gateway | vnet · domain · ext | gateway | external ── outside
 */
export async function createVxlan(): Promise<Topology> {
  const gateway = await createRouter('gateway');
  const domain = await createRouter('domain');
  const host = await createQuietNamespace('host');
  await connect(
    { namespace: host, device: 'wire', addresses: [`${HOST_PA}/24`] },
    { namespace: gateway, device: 'underlay', addresses: [`${GATEWAY_PA}/24`] },
  );
  await connect(
    { namespace: gateway, device: 'domain', addresses: ['10.66.0.1/30'] },
    { namespace: domain, device: 'ext', addresses: ['10.66.0.2/30'] },
  );
  const outside = await createOutside(gateway, 'external');
  await ip(
    gateway,
    neighbour(HOST_PA, await macOf(host, 'wire'), 'underlay'),
    neighbour('10.66.0.2', await macOf(domain, 'ext'), 'domain'),
    `route add ${VM_NETWORK} via 10.66.0.2`,
    vxlanDevice(GATEWAY_PA, HOST_PA),
    `link set vnet address ${GATEWAY_VNET_MAC}`,
    `link set vnet netns ${domain.name}`,
  );
  await ip(
    domain,
    `address add ${VM_ROUTER}/16 dev vnet`,
    'link set vnet up',
    neighbour(vmAddress(1), VM_MAC, 'vnet'),
    neighbour('10.66.0.1', await macOf(gateway, 'domain'), 'ext'),
    `route add ${OUTSIDE_NETWORK} via 10.66.0.1`,
  );
  await ip(
    host,
    neighbour(GATEWAY_PA, await macOf(gateway, 'underlay'), 'wire'),
    vxlanDevice(HOST_PA, GATEWAY_PA),
    `link set vnet address ${VM_MAC.replaceAll('-', ':')}`,
    `address add ${vmAddress(1)}/16 dev vnet`,
    'link set vnet up',
    neighbour(VM_ROUTER, GATEWAY_VNET_MAC, 'vnet'),
    `route add default via ${VM_ROUTER}`,
  );
  const end = await createWireEnd({ namespace: host, device: 'wire' });

  const encapsulated = vxlanFrame();
  encapsulated.set(Buffer.from((await macOf(gateway, 'underlay')).replaceAll(':', ''), 'hex'));
  return {
    out: {
      name: 'kernel VXLAN',
      entry: { namespace: gateway, device: 'underlay' },
      sender: { namespace: host, device: 'wire' },
      frames: [encapsulated],
      received: () => outside.received(),
    },
    in: {
      name: 'kernel VXLAN, inwards',
      ...{ entry: { namespace: gateway, device: 'external' }, sender: outside },
      frames: [
        ethernet({
          destination: await macOf(gateway, 'external'),
          payload: smallPacket(OUTSIDE, vmAddress(1)),
        }),
      ],
      received: () => end.received(),
    },
    ends: {
      ...{ client: host, clientAddresses: [vmAddress(1)] },
      ...{ server: outside.namespace, serverAddress: OUTSIDE },
    },
    remove() {
      for (const each of [outside, end]) each.close();
      for (const namespace of [host, domain, gateway, outside.namespace]) namespace.remove();
      return Promise.resolve();
    },
  };
}

function vxlanDevice(local: string, remote: string): string {
  return `link add vnet mtu 1450 type vxlan id ${VNI} local ${local} remote ${remote} dstport ${PORT} nolearning`;
}

/** RFC 7348 section 5: eight bytes, flag I, the VNI. */
function vxlanFrame(): Uint8Array {
  const inner = ethernet({
    source: VM_MAC,
    destination: GATEWAY_VNET_MAC,
    payload: smallPacket(vmAddress(1), OUTSIDE),
  });
  const data = new Uint8Array(8 + inner.length);
  const header = new DataView(data.buffer);
  header.setUint32(0, 0x08_00_00_00);
  header.setUint32(4, VNI * 256);
  data.set(inner, 8);
  const packet = udp({ from: HOST_PA, to: GATEWAY_PA, fromPort: 50_000, toPort: PORT, data });
  // The kernel's VXLAN sends none either (RFC 7348 section 4.3).
  packet.bytes.set([0, 0], 26);
  return ethernet({ payload: packet });
}

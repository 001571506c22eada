import { createNamespace, ip, setSysctls, type Namespace } from '../support/namespace.js';
import { ethernet } from '../support/packets.js';
import { connect } from '../support/topology.js';
import { dropEverything, macOf, receivedPackets } from './wire.js';
import type { Path } from './path.js';
import { smallPacket } from './small-packet.js';

/**
 * Plain kernel routing: a chain of router namespaces between a sender and a sink, static
 * neighbours everywhere.
 *
 *     sender ── router 1 ── … ── router n ── sink
 */
export async function createChain(routers: number): Promise<Path> {
  const sender = await createNamespace('sender');
  const sink = await createNamespace('sink');
  const hops: Namespace[] = [];
  for (let hop = 0; hop < routers; hop++) hops.push(await createNamespace(`router${hop}`));
  const nodes = [sender, ...hops, sink];
  for (const [index, node] of nodes.slice(0, -1).entries()) {
    const next = nodes[index + 1];
    if (next === undefined) break;
    await connect(
      { namespace: node, device: 'right', addresses: [`10.66.${index}.1/30`] },
      { namespace: next, device: 'left', addresses: [`10.66.${index}.2/30`] },
    );
  }
  const last = hops.length;
  for (const [index, router] of hops.entries()) {
    await setSysctls(router, { 'net/ipv4/ip_forward': '1' });
    const right = nodes[index + 2];
    if (right === undefined) break;
    await ip(
      router,
      `neigh replace 10.66.${index + 1}.2 lladdr ${await macOf(right, 'left')} dev right nud permanent`,
      ...(index + 1 === last ? [] : [`route add 10.66.${last}.0/30 via 10.66.${index + 1}.2`]),
    );
  }
  await dropEverything(sink, 'left');
  const first = hops[0] ?? sink;
  const frame = ethernet({
    destination: await macOf(first, 'left'),
    payload: smallPacket('10.66.0.1', `10.66.${last}.2`),
  });
  return {
    name: `${routers} router(s)`,
    sender,
    device: 'right',
    frames: [frame],
    received: () => receivedPackets(sink, 'left'),
    remove: () => nodes.forEach((node) => node.remove()),
  };
}

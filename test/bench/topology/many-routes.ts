import { ip, runIn } from '../../support/namespace.js';
import { ethernet } from '../../support/packets.js';
import { connect } from '../../support/topology.js';
import type { Topology } from './path.js';
import { neighbour, OUTSIDE } from './plan.js';
import { createQuietNamespace, createRouter, macOf } from './quiet-namespace.js';
import { variablePacket } from './small-packet.js';
import { createWireEnd } from './wire-end.js';

/** One Linux router with so many routes 10.x.y.0/24 upwards; destinations random over all of them. */
export async function createManyRoutes(routes: number): Promise<Topology> {
  const [left, router, right] = [
    await createQuietNamespace('left'),
    await createRouter('router'),
    await createQuietNamespace('right'),
  ];
  await connect(
    { namespace: left, device: 'wire', addresses: [`${OUTSIDE}/24`] },
    { namespace: router, device: 'left', addresses: ['203.0.113.2/24'] },
  );
  await connect(
    { namespace: router, device: 'right', addresses: ['10.0.0.1/30'] },
    { namespace: right, device: 'wire', addresses: ['10.0.0.2/30'] },
  );
  await ip(router, neighbour('10.0.0.2', await macOf(right, 'wire'), 'right'));
  const lines = Array.from({ length: routes }, (_, index) => {
    // From 11.0.0.0 on: clear of the wire's own network.
    const [a, b, c] = [11 + (index >> 16), (index >> 8) & 0xff, index & 0xff];
    return `route add ${a}.${b}.${c}.0/24 via 10.0.0.2\n`;
  });
  await runIn(router, 'ip', ['-batch', '-'], { input: lines.join(''), timeout: 120_000 });
  const end = await createWireEnd({ namespace: right, device: 'wire' });
  return {
    out: {
      name: `one router, ${routes} routes`,
      entry: { namespace: router, device: 'left' },
      frames: [
        ethernet({
          destination: await macOf(router, 'left'),
          payload: variablePacket(OUTSIDE, '11.0.0.1'),
        }),
      ],
      variation: {
        ...{ first: 11 * 2 ** 24, count: routes * 256, offset: 14 + 16, checksumOffset: 14 + 10 },
      },
      received: () => end.received(),
    },
    remove() {
      end.close();
      for (const namespace of [left, router, right]) namespace.remove();
      return Promise.resolve();
    },
  };
}

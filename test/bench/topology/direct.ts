import { ethernet } from '../../support/packets.js';
import { connect } from '../../support/topology.js';
import type { Topology } from './path.js';
import { OUTSIDE, vmAddress } from './plan.js';
import { createQuietNamespace, macOf } from './quiet-namespace.js';
import { smallPacket } from './small-packet.js';
import { createWireEnd } from './wire-end.js';

/** Generator and sink with nothing in between: what they could do, were the gateway free. */
export async function createDirect(): Promise<Topology> {
  const sender = await createQuietNamespace('sender');
  const sink = await createQuietNamespace('sink');
  await connect({ namespace: sender, device: 'wire' }, { namespace: sink, device: 'wire' });
  const entry = { namespace: sink, device: 'wire' };
  const end = await createWireEnd(entry);
  return {
    out: {
      ...{ name: 'nothing', entry, sender: { namespace: sender, device: 'wire' } },
      frames: [
        ethernet({
          destination: await macOf(sink, 'wire'),
          payload: smallPacket(vmAddress(1), OUTSIDE),
        }),
      ],
      received: () => end.received(),
    },
    remove() {
      end.close();
      for (const namespace of [sender, sink]) namespace.remove();
      return Promise.resolve();
    },
  };
}

import { ip, runIn, type Namespace } from '../../support/namespace.js';
import { ethernet } from '../../support/packets.js';
import { connect } from '../../support/topology.js';
import { createOutside } from './outside.js';
import type { Topology } from './path.js';
import {
  neighbour,
  NETWORKS,
  OUTSIDE,
  OUTSIDE_NETWORK,
  VM_NETWORK,
  VM_ROUTER,
  vmAddress,
  vmAddresses,
} from './plan.js';
import { createQuietNamespace, createRouter, macOf } from './quiet-namespace.js';
import { smallPacket } from './small-packet.js';
import { createWireEnd } from './wire-end.js';

export interface PlainOptions {
  /** Router namespaces in the gateway's place. */
  readonly routers: number;
  /** The middle one translates. */
  readonly masquerade?: boolean;
}

/**
 * Plain kernel routing: a chain of router namespaces, static neighbours everywhere.
 *
 *     host ── router 1 ── … ── router n ── outside
 */
export async function createPlain({ routers, masquerade }: PlainOptions): Promise<Topology> {
  const host = await createQuietNamespace('host');
  const chain: Namespace[] = [];
  for (let hop = 1; hop <= routers; hop++) chain.push(await createRouter(`router${hop}`));
  const [first, last] = [chain[0], chain.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError('no router');

  await connect(
    {
      ...{ namespace: host, device: 'wire' },
      addresses: vmAddresses(NETWORKS).map((address) => `${address}/16`),
    },
    { namespace: first, device: 'left', addresses: [`${VM_ROUTER}/16`] },
  );
  const hostMac = await macOf(host, 'wire');
  await ip(
    host,
    neighbour(VM_ROUTER, await macOf(first, 'left'), 'wire'),
    `route add default via ${VM_ROUTER}`,
  );
  await ip(first, ...vmAddresses(NETWORKS).map((address) => neighbour(address, hostMac, 'left')));
  for (const [index, router] of chain.slice(0, -1).entries())
    await chainRouters(router, chain[index + 1] ?? last, `10.66.${index}`);
  const outside = await createOutside(last, 'right');
  if (masquerade === true) await translate(chain[chain.length >> 1] ?? first);

  const end = await createWireEnd({ namespace: host, device: 'wire' });
  const entry = { namespace: first, device: 'left' };
  const frameFrom = (network: number, mac: string): Uint8Array =>
    ethernet({ destination: mac, payload: smallPacket(vmAddress(network), OUTSIDE) });
  const entryMac = await macOf(first, 'left');
  const name = `${routers} router(s)${masquerade === true ? ', masquerade' : ''}`;
  const out = {
    ...{ name, entry, sender: { namespace: host, device: 'wire' } },
    frames: [frameFrom(1, entryMac)],
    received: () => outside.received(),
  };
  return {
    out,
    in: {
      name: `${name}, inwards`,
      entry: { namespace: last, device: 'right' },
      sender: outside,
      frames: [
        ethernet({
          destination: await macOf(last, 'right'),
          payload: smallPacket(OUTSIDE, vmAddress(1)),
        }),
      ],
      received: () => end.received(),
    },
    all: {
      ...out,
      frames: vmAddresses(NETWORKS).map((_, index) => frameFrom(index + 1, entryMac)),
    },
    ends: {
      ...{ client: host, clientAddresses: vmAddresses(NETWORKS) },
      ...{ server: outside.namespace, serverAddress: OUTSIDE },
    },
    remove() {
      outside.close();
      end.close();
      for (const namespace of [host, ...chain, outside.namespace]) namespace.remove();
      return Promise.resolve();
    },
  };
}

async function chainRouters(router: Namespace, next: Namespace, network: string): Promise<void> {
  await connect(
    { namespace: router, device: 'right', addresses: [`${network}.1/30`] },
    { namespace: next, device: 'left', addresses: [`${network}.2/30`] },
  );
  await ip(
    router,
    neighbour(`${network}.2`, await macOf(next, 'left'), 'right'),
    `route add ${OUTSIDE_NETWORK} via ${network}.2`,
  );
  await ip(
    next,
    neighbour(`${network}.1`, await macOf(router, 'right'), 'left'),
    `route add ${VM_NETWORK} via ${network}.1`,
  );
}

async function translate(router: Namespace): Promise<void> {
  await runIn(router, 'nft', [
    'table ip nat { chain post { type nat hook postrouting priority srcnat; ' +
      `ip saddr ${VM_NETWORK} oifname "right" masquerade; }; }`,
  ]);
}

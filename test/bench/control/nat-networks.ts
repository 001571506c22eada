import { nvgre } from '../../support/packets.js';
import { openRawSocket } from '../../support/raw-host-socket.js';
import { sleep } from '../../support/process.js';
import { startLoad } from '../load/generator.js';
import { significant } from '../statistics.js';
import type { Path } from '../topology/path.js';
import { GATEWAY_MAC, GATEWAY_PA, HOST_PA, OUTSIDE, VM_MAC } from '../topology/plan.js';
import { macBytes } from '../topology/quiet-namespace.js';
import { smallPacket } from '../topology/small-packet.js';
import { addressNumber } from '../topology/wire-end.js';
import type { WideGateway } from '../topology/wide-gateway.js';
import { openApi } from './api.js';
import { residentMegabytes } from './daemon-figures.js';
import type { NetworksFigures } from './figures.js';
import { linesOf, NAT_VM, natAddress, natChanges, vsidOf } from './policy-lines.js';

/** Packets per second, all VM networks together. */
const RATE = 20_000;
const GIVE_UP_SECONDS = 240;
/** Where the source address stands in a frame. */
const SOURCE = 14 + 12;

/** From the push of all VM networks until a packet of each has come out translated. */
export async function measureNatNetworks(
  wide: WideGateway,
  networks: number,
): Promise<NetworksFigures> {
  const body = linesOf(natChanges(networks));
  const path = await pathOf(wide, networks);
  const missing = new Set(
    Array.from({ length: networks }, (_, network) => addressNumber(natAddress(network))),
  );
  const outside = openRawSocket(wide.outside.namespace, wide.outside.device);
  const load = await startLoad(path, {
    ...{ seconds: GIVE_UP_SECONDS + 60, packetsPerSecond: RATE },
  });
  const api = openApi(wide.namespace, wide.gateway);
  const began = performance.now();
  try {
    const pushed = api.push(body);
    pushed.catch(() => undefined);
    while (missing.size > 0 && performance.now() < began + GIVE_UP_SECONDS * 1000) {
      for (const frame of outside.receive()) missing.delete(sourceOf(frame));
      await sleep(5);
    }
    const allCarrySeconds = significant((performance.now() - began) / 1000);
    await pushed;
    return {
      ...{ networks, allCarrySeconds, carrying: networks - missing.size },
      gaveUp: missing.size > 0,
      residentPeakMegabytes: residentMegabytes(wide.gateway.pid()).peak,
    };
  } finally {
    api.close();
    await load.stop();
    outside.close();
  }
}

async function pathOf(wide: WideGateway, networks: number): Promise<Path> {
  const underlayMac = await macBytes(wide.namespace, 'underlay');
  return {
    name: `${networks} VM networks with NAT`,
    entry: { namespace: wide.namespace, device: 'underlay' },
    sender: wide.host,
    frames: Array.from({ length: networks }, (_, network) => {
      const frame = nvgre({
        ...{ from: HOST_PA, to: GATEWAY_PA, vsid: vsidOf(network) },
        ...{ innerSource: VM_MAC, innerDestination: GATEWAY_MAC },
        inner: smallPacket(NAT_VM, OUTSIDE),
      });
      frame.set(underlayMac);
      return frame;
    }),
    received: () => wide.outside.received(),
  };
}

function sourceOf(frame: Uint8Array): number {
  if (frame.byteLength < SOURCE + 4) return 0;
  return new DataView(frame.buffer, frame.byteOffset).getUint32(SOURCE);
}

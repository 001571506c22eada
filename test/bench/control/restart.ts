import { ethernet } from '../../support/packets.js';
import { sleep } from '../../support/process.js';
import { startLoad } from '../load/generator.js';
import { significant } from '../statistics.js';
import type { Path } from '../topology/path.js';
import { OUTSIDE } from '../topology/plan.js';
import { macOf } from '../topology/quiet-namespace.js';
import { smallPacket } from '../topology/small-packet.js';
import type { WideGateway } from '../topology/wide-gateway.js';
import { openApi, type Api } from './api.js';
import type { RestartFigures } from './figures.js';
import { MOVING_VM } from './one-change.js';

/** Packets per second meanwhile: enough to miss no gap of a tenth of a millisecond. */
const RATE = 20_000;
const GIVE_UP_SECONDS = 120;
const LONGEST_SECONDS = 300;

/**
 * Ends the daemon in order and starts it again while packets pass. The API of before is closed, a
 * new one is not opened.
 */
export async function measureRestart(
  wide: WideGateway,
  api: Api,
  records: number,
): Promise<RestartFigures> {
  api.close();
  const path: Path = {
    name: 'restart',
    entry: { namespace: wide.namespace, device: 'external' },
    sender: wide.outside,
    frames: [
      ethernet({
        destination: await macOf(wide.namespace, 'external'),
        payload: smallPacket(OUTSIDE, MOVING_VM),
      }),
    ],
    received: () => wide.host.received(),
  };
  const before = path.received();
  const load = await startLoad(path, { seconds: LONGEST_SECONDS, packetsPerSecond: RATE });
  let readySeconds: number;
  let ready: boolean;
  try {
    await wide.gateway.stop();
    const began = performance.now();
    await wide.gateway.start();
    ready = await becomesReady(wide);
    readySeconds = significant((performance.now() - began) / 1000);
  } finally {
    await load.stop();
  }
  const { sent } = await load.ended;
  return {
    ...{ records, readySeconds, gaveUp: !ready, packetsSent: sent },
    packetsLost: sent - (path.received() - before),
  };
}

async function becomesReady({ namespace, gateway }: WideGateway): Promise<boolean> {
  const api = openApi(namespace, gateway);
  try {
    const end = performance.now() + GIVE_UP_SECONDS * 1000;
    while (performance.now() < end) {
      if (await api.ready()) return true;
      await sleep(10);
    }
    return false;
  } finally {
    api.close();
  }
}

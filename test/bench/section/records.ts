import { openApi } from '../control/api.js';
import { linesOf, oneDomainChanges, recordAddress } from '../control/policy-lines.js';
import { interleave } from '../interleave.js';
import { packetsPerSecond } from '../load/generator.js';
import { attempt, type RunContext } from '../run-context.js';
import type { Path } from '../topology/path.js';
import { createManyRoutes } from '../topology/many-routes.js';
import { OUTSIDE } from '../topology/plan.js';
import { macOf } from '../topology/quiet-namespace.js';
import { smallPacket, variablePacket } from '../topology/small-packet.js';
import { createWideGateway, type WideGateway } from '../topology/wide-gateway.js';
import { addressNumber } from '../topology/wire-end.js';
import { ethernet } from '../../support/packets.js';

const FEW = 10;
const MANY = 1_000_000;
const ROUTES = 100_000;
const GIVE_UP_SECONDS = 240;

type Subject = 'records10' | 'records1000000' | 'recordsRandom' | 'routesRandom';

/**
 * What a large table costs each packet: from the outside to VMs of one routing domain. By live frames,
 * which can vary addresses, and beside which the cost of a wire does not hide that of the table.
 */
export async function measureRecordTables(context: RunContext): Promise<void> {
  const { extent, measurements, say } = context;
  await attempt(context, 'records', async () => {
    const removals: (() => Promise<void>)[] = [];
    try {
      const few = await gatewayWith(FEW);
      removals.push(() => few.remove());
      const many = await gatewayWith(MANY);
      removals.push(() => many.remove());
      const routes = await createManyRoutes(ROUTES);
      removals.push(() => routes.remove());
      const paths: Readonly<Record<Subject, Path>> = {
        records10: await pathInto(few, false),
        records1000000: await pathInto(many, false),
        recordsRandom: await pathInto(many, true),
        routesRandom: routes.out,
      };
      const subjects = (Object.keys(paths) as Subject[]).filter((each) => context.wants(each));
      await interleave(context, subjects, extent.rounds, 'pps', async (subject, round) => {
        const rate = await packetsPerSecond(
          paths[subject],
          round === 0 ? 0.5 : extent.seconds,
          'liveFrames',
        );
        if (round === 0) return;
        measurements.record(subject, 'pps', rate);
        say(`${subject}: ${Math.round(rate).toLocaleString('en')} packets/s`);
      });
    } finally {
      for (const remove of removals.toReversed()) await remove();
    }
  });
}

/** The daemon has ended by then: what remains is the packet path. */
async function gatewayWith(records: number): Promise<WideGateway> {
  const wide = await createWideGateway();
  const api = openApi(wide.namespace, wide.gateway);
  try {
    const revision = await api.push(linesOf(oneDomainChanges(records)));
    if (!(await api.synchronized(revision, GIVE_UP_SECONDS)))
      throw new Error(`the kernel did not have ${records} records within ${GIVE_UP_SECONDS} s`);
  } catch (error) {
    api.close();
    await wide.remove();
    throw error;
  }
  api.close();
  await wide.gateway.stop();
  return wide;
}

async function pathInto(wide: WideGateway, random: boolean): Promise<Path> {
  const destination = await macOf(wide.namespace, 'external');
  const payload = (random ? variablePacket : smallPacket)(OUTSIDE, recordAddress(0));
  return {
    name: random ? 'random destinations over all records' : 'one flow',
    entry: { namespace: wide.namespace, device: 'external' },
    frames: [ethernet({ destination, payload })],
    ...(random && {
      variation: {
        ...{ first: addressNumber(recordAddress(0)), count: MANY },
        ...{ offset: 14 + 16, checksumOffset: 14 + 10 },
      },
    }),
    received: () => wide.host.received(),
  };
}

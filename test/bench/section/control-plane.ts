import { openApi, type Api } from '../control/api.js';
import type { ControlPlane } from '../control/figures.js';
import { measureFullDiff, measurePush } from '../control/initial-push.js';
import { measureNatNetworks } from '../control/nat-networks.js';
import { measureChanges, MOVING_HOSTS } from '../control/one-change.js';
import { domainChanges, linesOf, recordChanges, subnetChanges } from '../control/policy-lines.js';
import { measureRestart } from '../control/restart.js';
import { attempt, type RunContext } from '../run-context.js';
import { createWideGateway, type WideGateway } from '../topology/wide-gateway.js';

/** Sizes of the control plane's figures. */
interface Sizes {
  readonly routingDomains: number;
  readonly records: readonly number[];
  readonly natNetworks: number;
  readonly virtualSubnets: number;
}

const FULL: Sizes = {
  routingDomains: 1_000,
  records: [0, 10_000, 100_000, 1_000_000],
  natNetworks: 1_000,
  virtualSubnets: 10_000,
};
/** Small enough for every change of the source. */
const SHORT: Sizes = {
  routingDomains: 10,
  records: [0, 10_000],
  natNetworks: 20,
  virtualSubnets: 0,
};

const GIVE_UP_SECONDS = 240;

export async function measureControlPlane(context: RunContext): Promise<void> {
  const sizes = context.extent.short ? SHORT : FULL;
  const parts: readonly (readonly [string, (wide: WideGateway) => Promise<void>])[] = [
    ['records', (wide) => measureRecords(context, wide, sizes)],
    ['natNetworks', (wide) => measureNat(context, wide, sizes.natNetworks)],
    ['virtualSubnets', (wide) => measureSubnets(context, wide, sizes.virtualSubnets)],
  ];
  for (const [name, measure] of parts) {
    if (!context.wants(name) || (name === 'virtualSubnets' && sizes.virtualSubnets === 0)) continue;
    await attempt(context, `controlPlane.${name}`, async () => {
      const wide = await createWideGateway(MOVING_HOSTS);
      try {
        await measure(wide);
      } finally {
        await wide.remove();
      }
    });
  }
}

/**
 * The routing domains first, then the records in steps, each a push of all so far; at the largest
 * number the changes and the restart.
 */
async function measureRecords(
  context: RunContext,
  wide: WideGateway,
  { routingDomains, records }: Sizes,
): Promise<void> {
  const { controlPlane, say } = context;
  const api = openApi(wide.namespace, wide.gateway);
  let largest = 0;
  try {
    for (const count of records) {
      const changes =
        count === 0 ? domainChanges(routingDomains) : recordChanges(count, routingDomains);
      const figures = await measurePush(wide, api, {
        ...{ records: count, routingDomains, body: linesOf(changes), seconds: GIVE_UP_SECONDS },
      });
      controlPlane.records[String(count)] = figures;
      say(
        `${count} records over ${routingDomains} routing domains: ${figures.synchronizedSeconds} s, ${figures.residentPeakMegabytes} MB`,
      );
      if (figures.gaveUp) throw new Error(`${count} records: not within ${GIVE_UP_SECONDS} s`);
      largest = count;
    }
    await measureAtLargest(context, wide, api, largest, routingDomains);
  } catch (error) {
    api.close();
    throw error;
  }
  await attempt(context, 'controlPlane.restart', async () => {
    controlPlane.restart = await measureRestart(wide, api, largest);
    const { readySeconds, packetsLost, packetsSent } = controlPlane.restart;
    say(`restart: ready after ${readySeconds} s, ${packetsLost} of ${packetsSent} packets lost`);
  });
}

async function measureAtLargest(
  context: RunContext,
  wide: WideGateway,
  api: Api,
  records: number,
  routingDomains: number,
): Promise<void> {
  const { controlPlane, say } = context;
  await attempt(context, 'controlPlane.oneRecordChange', async () => {
    controlPlane.oneRecordChange = await measureChanges(wide, api, { records, routingDomains });
    const { p99Milliseconds, pipelinedPerSecond } = controlPlane.oneRecordChange;
    say(`one record: p99 ${p99Milliseconds} ms to the packet, ${pipelinedPerSecond} changes/s`);
  });
  await attempt(context, 'controlPlane.fullDiff', async () => {
    const seconds = await measureFullDiff(api, GIVE_UP_SECONDS);
    const figures = controlPlane.records[String(records)];
    if (seconds === undefined || figures === undefined) throw new Error('not in time');
    controlPlane.records[String(records)] = { ...figures, fullDiffSeconds: seconds };
    say(`full comparison: ${seconds} s`);
  });
}

async function measureNat(
  { controlPlane, say }: RunContext,
  wide: WideGateway,
  networks: number,
): Promise<void> {
  controlPlane.natNetworks = await measureNatNetworks(wide, networks);
  const { allCarrySeconds, carrying } = controlPlane.natNetworks;
  say(`NAT: ${carrying} of ${networks} VM networks carry packets after ${allCarrySeconds} s`);
}

/** A tenth as many routing domains as usual, each with a hundred virtual subnets. */
async function measureSubnets(
  { controlPlane, say }: { readonly controlPlane: ControlPlane; readonly say: RunContext['say'] },
  wide: WideGateway,
  virtualSubnets: number,
): Promise<void> {
  const routingDomains = virtualSubnets / 100;
  const api = openApi(wide.namespace, wide.gateway);
  try {
    const body = linesOf(subnetChanges(virtualSubnets, routingDomains));
    const { synchronizedSeconds, gaveUp, residentPeakMegabytes } = await measurePush(wide, api, {
      ...{ records: virtualSubnets, routingDomains, body, seconds: GIVE_UP_SECONDS },
    });
    controlPlane.virtualSubnets = {
      ...{ virtualSubnets, routingDomains, synchronizedSeconds, gaveUp, residentPeakMegabytes },
    };
    say(`${virtualSubnets} virtual subnets: ${synchronizedSeconds} s`);
  } finally {
    api.close();
  }
}

import type { PolicyDocument } from '../../../provider/schemas.js';
import type { CountersAnswer } from '../../../provider/answer-schemas.js';
import { capture } from '../../support/capture.js';
import { ping } from '../../support/ping.js';
import { PROVIDER_ADDRESSES, TENANTS } from '../../support/scene-plan.js';
import { customerAddressOf, vsidOf } from '../cast.js';
import { demand, type Check, type Say, type Stage } from '../check.js';
import { ask, nvgate } from '../nvgate.js';
import { summaryOf } from '../ping-text.js';

/** A VM whose address blue has not. */
const RED4 = { name: 'red4', address: '192.168.2.12', macAddress: '00-15-5D-02-14-0C' } as const;
const COUNT = 5;

export const isolationCheck: Check = {
  id: 'isolation',
  title: 'Isolation: blue cannot reach red',
  async run(stage, say) {
    await equalAddress(stage, say);
    await redsOwnAddress(stage, say);
    return {
      detail: `what blue sends to a shared address stays in blue; red's own address: ${COUNT} of ${COUNT} dropped as noRecord and counted`,
    };
  },
};

/** blue3 sends to 192.168.1.101, which blue1 and red1 both have. */
async function equalAddress({ scene }: Stage, say: Say): Promise<void> {
  const { blue1, blue3, red1 } = scene.vms;
  const address = customerAddressOf('blue1');
  const atBlue = await capture(blue1.namespace, 'eth0', 'icmp[icmptype] = icmp-echo');
  const atRed = await capture(red1.namespace, 'eth0', 'icmp');
  const result = await ping(blue3.namespace, address, { count: COUNT });
  await atBlue.waitFor(COUNT).catch(() => undefined);
  const [blue, red] = [await atBlue.stop(), await atRed.stop()];
  say(`blue3 -> ${address}: ${summaryOf(result)}; blue1 saw ${blue.length}, red1 ${red.length}`);
  demand(result.received === COUNT, `blue3 -> ${address}: ${summaryOf(result)}`);
  demand(blue.length === COUNT, `blue1 saw ${blue.length} of ${COUNT} packets.`);
  demand(red.length === 0, `red1 saw ${red.length} packets of blue.`);
}

/** red4 has an address that blue has nowhere. */
async function redsOwnAddress(stage: Stage, say: Say): Promise<void> {
  const { scene } = stage;
  const { host2 } = scene.hosts;
  const [, subnet] = TENANTS.red.subnets;
  const { name, address, macAddress } = RED4;
  const red4 = await host2.addVm({
    ...{ name, vsid: subnet.vsid, macAddress },
    addresses: [{ customerAddress: address, prefixLength: 24, gateway: subnet.gateway }],
  });
  await nvgate(stage, say, ['apply', '-f', '-', '--wait'], {
    input: JSON.stringify(recordOfRed4()),
  });

  const fromRed = await ping(scene.vms.red1.namespace, address, { count: COUNT });
  say(`red1 -> ${name} ${address}: ${summaryOf(fromRed)}`);
  demand(fromRed.received === COUNT, `red1 -> ${name}: ${summaryOf(fromRed)}`);

  const atRed4 = await capture(red4.namespace, 'eth0', 'icmp');
  const before = await noRecordDrops(stage);
  const fromBlue = await ping(scene.vms.blue1.namespace, address, { count: COUNT });
  const seen = await atRed4.stop();
  const dropped = (await noRecordDrops(stage)) - before;
  say(`blue1 -> ${address}: ${summaryOf(fromBlue)}; ${name} saw ${seen.length}`);
  await nvgate(stage, say, ['counters', '--dropped'], {
    show: (line) => /VERDICT|noRecord/.test(line),
  });
  demand(fromBlue.received === 0, `blue1 -> ${address}: ${summaryOf(fromBlue)}`);
  demand(seen.length === 0, `${name} saw ${seen.length} packets of blue.`);
  demand(dropped === COUNT, `noRecord counted ${dropped} of ${COUNT} packets.`);
  await nvgate(stage, say, [
    ...['trace', '--vsid', String(vsidOf('blue1'))],
    ...['--from', customerAddressOf('blue1'), '--to', address],
  ]);
}

function recordOfRed4(): PolicyDocument {
  const [, { vsid }] = TENANTS.red.subnets;
  const { name, address, macAddress } = RED4;
  const providerAddress = PROVIDER_ADDRESSES.host2;
  return {
    apiVersion: 'nvgate/v1',
    routingDomains: [
      {
        id: TENANTS.red.routingDomain,
        name: 'red',
        lookupRecords: [
          { vsid, customerAddress: address, macAddress, providerAddress, vmName: name },
        ],
      },
    ],
  };
}

async function noRecordDrops(stage: Stage): Promise<number> {
  const { counters } = await ask<CountersAnswer>(stage, ['counters']);
  return counters
    .filter(({ verdict }) => verdict === 'noRecord')
    .reduce((sum, { packets }) => sum + packets, 0);
}

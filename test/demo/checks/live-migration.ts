import type { PolicyDocument } from '../../../provider/schemas.js';
import { capture } from '../../support/capture.js';
import { startPing } from '../../support/ping.js';
import type { CapturedPacket } from '../../support/pcap.js';
import { EXTERNAL, PROVIDER_ADDRESSES, TENANTS, vmPlan } from '../../support/scene-plan.js';
import { customerAddressOf } from '../cast.js';
import { demand, type Check } from '../check.js';
import { nvgate } from '../nvgate.js';
import { lostOf, summaryOf } from '../ping-text.js';
import { tunnelPacketOf, tunnelPacketsOf, type TunnelPacket } from '../tunnel-packet.js';

/** Seconds between two pings: 20 a second. */
const INTERVAL = 0.05;
/** One second of pings: unplugging the VM's device and plugging it in again takes a part of it. */
const FEW = 20;

export const liveMigrationCheck: Check = {
  id: 'live-migration',
  title: 'Live migration: blue1 moves from host1 to host2 while the physical network pings it',
  async run(stage, say) {
    const { scene } = stage;
    const { gateway, host1, host2 } = PROVIDER_ADDRESSES;
    const address = customerAddressOf('blue1');
    const options = { source: EXTERNAL.physicalHost, interval: INTERVAL };
    const underlay = await capture(scene.gateway, 'underlay', 'ip proto 47');
    const moving = startPing(scene.externalHost, address, options);
    const staying = startPing(scene.externalHost, customerAddressOf('blue3'), options);
    await Promise.all([moving.answered(10), staying.answered(10)]);

    // The VM switches over when the first packet shows that the push has taken effect: how long a
    // command line takes to start is no part of a migration.
    const pushing = nvgate(stage, say, ['apply', '-f', '-', '--wait'], {
      input: JSON.stringify(recordAt(host2)),
    });
    const isRequestTo = (host: string, packet: TunnelPacket | undefined): boolean =>
      packet?.outer.from === gateway && packet.outer.to === host && packet.inner.to === address;
    const toNewHost = (packet: CapturedPacket): boolean =>
      isRequestTo(host2, tunnelPacketOf(packet));
    await underlay.waitFor(1, toNewHost, 20_000);
    await scene.migrate('blue1', 'host2');
    const settled = BigInt(Date.now()) * 1000n;
    await pushing;
    await underlay.waitFor(20, (packet) => packet.time > settled && toNewHost(packet));

    const [toMoving, toStaying] = await Promise.all([moving.stop(), staying.stop()]);
    const packets = tunnelPacketsOf(await underlay.stop());
    const old = packets.filter((packet) => isRequestTo(host1, packet));
    const fresh = packets.filter((packet) => isRequestTo(host2, packet));
    const switched = fresh[0]?.time ?? settled;
    const stray = old.filter(({ time }) => time > switched).length;
    const sent = fresh.filter(({ time }) => time > settled).length;
    const answered = packets.filter(
      ({ time, outer, inner }) => time > settled && outer.from === host2 && inner.from === address,
    ).length;
    const lost = lostOf(toMoving);
    say(`ping to blue1: ${summaryOf(toMoving)}`);
    say(`ping to blue3, which stays: ${summaryOf(toStaying)}`);
    say(`sent to blue1 at ${host1}: ${old.length}, then at ${host2}: ${fresh.length}`);
    say(`sent to ${host1} after the push: ${stray}`);
    say(`since blue1 is there: ${sent} sent, ${answered} answered`);
    demand(stray === 0, `${stray} packets went to the old host after the push.`);
    demand(answered >= sent, `Only ${answered} of ${sent} answered after the move.`);
    demand(lost <= FEW, `ping to blue1: ${summaryOf(toMoving)}`);
    demand(lostOf(toStaying) === 0, `ping to blue3: ${summaryOf(toStaying)}`);
    return {
      detail: `one record pushed, ${lost} pings lost at 20/s while the VM was between the hosts; none after, none to the old host after the push, none of another VM`,
      figures: { pings: toMoving.transmitted, lost, toOldHostAfterPush: stray },
    };
  },
};

/** One PATCH: the record with its new PA. */
function recordAt(providerAddress: string): PolicyDocument {
  const { vsid, macAddress } = vmPlan('blue1');
  return {
    apiVersion: 'nvgate/v1',
    routingDomains: [
      {
        id: TENANTS.blue.routingDomain,
        name: 'blue',
        lookupRecords: [
          {
            ...{ vsid, customerAddress: customerAddressOf('blue1'), macAddress, providerAddress },
            vmName: 'blue1',
          },
        ],
      },
    ],
  };
}

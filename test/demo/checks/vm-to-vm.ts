import { capture } from '../../support/capture.js';
import type { CapturedPacket } from '../../support/pcap.js';
import { ping } from '../../support/ping.js';
import { PROVIDER_ADDRESSES, type VmName } from '../../support/scene-plan.js';
import { customerAddressOf, vsidOf } from '../cast.js';
import { demand, type Check } from '../check.js';
import { nvgate } from '../nvgate.js';
import { summaryOf, ttlsOf } from '../ping-text.js';
import { tunnelPacketOf, tunnelPacketsOf } from '../tunnel-packet.js';

const PINGS: readonly (readonly [VmName, VmName])[] = [
  ['blue1', 'blue3'],
  ['blue3', 'blue1'],
  ['red1', 'red3'],
  ['red3', 'red1'],
];
const COUNT = 20;

export const vmToVmCheck: Check = {
  id: 'vm-to-vm',
  title: 'VM to VM across virtual subnets, both tenants at the same time with equal addresses',
  async run(stage, say) {
    const { scene } = stage;
    const underlay = await capture(scene.gateway, 'underlay', 'ip proto 47');
    await Promise.all(
      PINGS.map(async ([from, to]) => {
        const address = customerAddressOf(to);
        const result = await ping(scene.vms[from].namespace, address, { count: COUNT });
        say(`${from} -> ${to} ${address}: ${summaryOf(result)}, TTL ${ttlsOf(result).join()}`);
        demand(result.received === COUNT, `${from} -> ${to}: ${summaryOf(result)}`);
        // 64 at the sender, one less for the one router between the subnets.
        demand(ttlsOf(result).join() === '63', `${from} -> ${to}: TTL ${ttlsOf(result).join()}`);
      }),
    );

    // Requests and answers, to the gateway and from it.
    const isTunnelled = (packet: CapturedPacket): boolean => tunnelPacketOf(packet) !== undefined;
    await underlay.waitFor(4 * COUNT * PINGS.length, isTunnelled).catch(() => undefined);
    const packets = tunnelPacketsOf(await underlay.stop());
    const fromGateway = packets.filter(({ outer }) => outer.from === PROVIDER_ADDRESSES.gateway);
    for (const vsid of new Set(PINGS.map(([from]) => vsidOf(from)))) {
      const all = packets.filter((packet) => packet.vsid === vsid).length;
      const out = fromGateway.filter((packet) => packet.vsid === vsid).length;
      say(`on the underlay, VSID ${vsid}: ${all - out} packets to the gateway, ${out} from it`);
      // Requests one way, answers the other.
      demand(
        all - out === 2 * COUNT && out === 2 * COUNT,
        `VSID ${vsid} should have carried ${2 * COUNT} packets each way.`,
      );
    }
    const [from, to] = ['blue1', 'blue3'] as const;
    await nvgate(stage, say, [
      ...['trace', '--vsid', String(vsidOf(from))],
      ...['--from', customerAddressOf(from), '--to', customerAddressOf(to)],
    ]);
    const pings = COUNT * PINGS.length;
    return { detail: `${pings} of ${pings} pings answered, TTL one less, no VSID mixed up` };
  },
};

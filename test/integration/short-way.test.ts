import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { udp, type Payload } from '../support/packets.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import {
  EXTERNAL_HOPS,
  flowIdOf,
  fromOutside,
  fromVm,
  hexOf,
  LONGER_WAY_HOPS,
  toOutside,
  toVm,
  vmPlace,
} from '../support/raw-host-frames.js';
import { EXTERNAL, PROVIDER_ADDRESSES } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

const OUTSIDE = EXTERNAL.physicalHost;
const [blue1, red1] = [vmPlace('blue1'), vmPlace('red1')];
const GATEWAY_OUTSIDE = '203.0.113.2';

/** Packets that took the short way since the gateway started. */
async function taken({ gateway }: RawHosts): Promise<{ in: number; out: number }> {
  const answer = JSON.parse(await gateway.nvgate(['counters', '-o', 'json'])) as {
    readonly counters: readonly { verdict: string; packets: number }[];
  };
  const packets = (verdict: string): number =>
    answer.counters.find((counter) => counter.verdict === verdict)?.packets ?? 0;
  return { in: packets('externalIn'), out: packets('externalOut') };
}

/** The first fragment of a packet. */
function fragment(packet: Payload): Payload {
  const bytes = Uint8Array.from(packet.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(6, 0x2000);
  // RFC 1624: from "don't fragment" to "more fragments" the header's sum falls by 0x2000.
  const sum = view.getUint16(10) + 0x2000;
  view.setUint16(10, (sum & 0xffff) + (sum >>> 16));
  return { ...packet, bytes };
}

describe('the short way on the external side', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: scenePolicy() });
  });

  afterAll(() => hosts.remove());

  const short = 64 - EXTERNAL_HOPS;
  const long = 64 - LONGER_WAY_HOPS;

  it('is taken in and out, by routed and translated connections', async () => {
    const before = await taken(hosts);
    const out = { from: blue1.address, to: OUTSIDE };
    const back = { from: OUTSIDE, to: blue1.address };
    const call = { from: red1.address, to: OUTSIDE, fromPort: 41_000 };
    const answer = { from: OUTSIDE, to: EXTERNAL.natAddress, fromPort: 7, toPort: 41_000 };
    const first = await hosts.pass({
      underlay: [fromVm(blue1, udp(out)), fromVm(red1, udp(call))],
      external: [fromOutside(udp(back))],
    });
    expect(hexOf({ external: first.external })).toEqual(
      hexOf({
        external: [
          toOutside(udp({ ...out, hopLimit: short })),
          toOutside(udp({ ...call, from: EXTERNAL.natAddress, hopLimit: short })),
        ],
      }),
    );
    const second = await hosts.pass({ external: [fromOutside(udp(answer))] });
    expect(second.underlay).toHaveLength(1);
    expect(await taken(hosts)).toEqual({ in: before.in + 2, out: before.out + 2 });
  });

  it('is not for fragments, which the kernel of the gateway forwards as ever', async () => {
    const before = await taken(hosts);
    const out = { from: blue1.address, to: OUTSIDE };
    const back = { from: OUTSIDE, to: blue1.address };
    const passed = await hosts.pass({
      underlay: [fromVm(blue1, fragment(udp(out)))],
      external: [fromOutside(fragment(udp(back)))],
    });
    expect(hexOf(passed)).toEqual(
      hexOf({
        underlay: [
          toVm(blue1, fragment(udp({ ...back, hopLimit: long })), {
            flowId: flowIdOf(passed.underlay[0]),
          }),
        ],
        external: [toOutside(fragment(udp({ ...out, hopLimit: long })))],
      }),
    );
    expect(await taken(hosts)).toEqual(before);
  });

  it('leads nobody past what the kernel of the gateway refuses', async () => {
    const before = await taken(hosts);
    const host = PROVIDER_ADDRESSES.host1;
    const passed = await hosts.pass({
      underlay: [fromVm(red1, udp({ from: red1.address, to: host }))],
      external: [
        fromOutside(udp({ from: OUTSIDE, to: host })),
        // In the name of the gateway.
        fromOutside(udp({ from: GATEWAY_OUTSIDE, to: blue1.address })),
      ],
    });
    expect(hexOf(passed)).toEqual(hexOf({}));
    expect(await taken(hosts)).toEqual(before);
  });
});

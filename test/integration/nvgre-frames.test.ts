import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAMILIES } from '../support/families.js';
import { ethernet, hex, udp, type Payload } from '../support/packets.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import {
  digits,
  EXTERNAL_HOPS,
  flowIdOf,
  fromOutside,
  fromVm,
  hexOf,
  toOutside,
  toVm,
  vmPlace,
  type VmPlace,
} from '../support/raw-host-frames.js';
import { EXTERNAL, TENANTS } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

const OUTSIDE = EXTERNAL.physicalHost;
const OUTSIDE6 = EXTERNAL.physicalHost6;
const blue1 = vmPlace('blue1');
const blue3 = vmPlace('blue3');

const twoDigits = (byte: number): string => byte.toString(16).padStart(2, '0');

describe('frames on the underlay', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: scenePolicy({ ipv6: true }) });
  });

  afterAll(() => hosts.remove());

  describe('N1', () => {
    const data = Buffer.from('nvgate');

    /** From the outside to blue1, after two hops, and from blue1 to blue3, after one. */
    const inner = {
      IPv4: {
        ...{ etherType: '0800', outerLength: '004c' },
        in: {
          outerChecksum: '2446',
          packet: [
            '4500 0022 0000 4000 3e11 550b c0a8650a c0a80165',
            '9c40 0007 000e 318d 6e7667617465',
          ],
        },
        across: {
          outerChecksum: '243c',
          packet: [
            '4500 0022 0000 4000 3f11 b70a c0a80165 c0a8020b',
            '9c40 0007 000e 948c 6e7667617465',
          ],
        },
      },
      IPv6: {
        ...{ etherType: '86dd', outerLength: '0060' },
        in: {
          outerChecksum: '2432',
          packet: [
            '6000 0000 000e 11 3e 20010db8010100000000000000000010 fd000000000000010000000000000101',
            '9c40 0007 000e ec80 6e7667617465',
          ],
        },
        across: {
          outerChecksum: '2428',
          packet: [
            '6000 0000 000e 11 3f fd000000000000010000000000000101 fd000000000000020000000000000011',
            '9c40 0007 000e 1e37 6e7667617465',
          ],
        },
      },
    } as const;

    describe.each(FAMILIES)('$name', ({ name, pick }) => {
      const { etherType, outerLength, in: arriving, across } = inner[name];
      const at = (vm: VmPlace): string => pick(vm.address, vm.address6);
      const outside = pick(OUTSIDE, OUTSIDE6);

      it('is 42 bytes over the inner packet: outer IPv4, GRE with a key, inner Ethernet', async () => {
        const packet = udp({ from: outside, to: at(blue1), data });
        const { underlay } = await hosts.pass({ external: [fromOutside(packet)] });
        const flowId = twoDigits(flowIdOf(underlay[0]));
        expect(underlay.map(hex)).toEqual([
          digits(
            '020000000020 020000000040 0800',
            `4500 ${outerLength} 0000 4000 402f ${arriving.outerChecksum} 0a010128 0a010114`,
            `2000 6558 001389 ${flowId}`,
            `00155d011401 101010101001 ${etherType}`,
            ...arriving.packet,
          ),
        ]);
      });

      it('has the same form where a packet goes from one VM to another', async () => {
        const packet = udp({ from: at(blue1), to: at(blue3), data });
        const { underlay } = await hosts.pass({
          underlay: [fromVm(blue1, packet, { flowId: 0x5a })],
        });
        expect(underlay.map(hex)).toEqual([
          digits(
            '020000000030 020000000040 0800',
            `4500 ${outerLength} 0000 4000 402f ${across.outerChecksum} 0a010128 0a01011e`,
            '2000 6558 00138a 5a',
            `00155d02140b 101010101002 ${etherType}`,
            ...across.packet,
          ),
        ]);
      });

      it('loses the headers on the way out, and nothing else', async () => {
        const options = { from: at(blue1), to: outside, data };
        expect(hexOf(await hosts.pass({ underlay: [fromVm(blue1, udp(options))] }))).toEqual(
          hexOf({ external: [toOutside(udp({ ...options, hopLimit: 64 - EXTERNAL_HOPS }))] }),
        );
      });
    });
  });

  describe('N2', () => {
    const families = [
      ['IPv4', OUTSIDE, blue1.address],
      ['IPv6', OUTSIDE6, blue1.address6],
    ] as const;

    it.each(families)('gives packets of one flow one FlowID (%s)', async (_, from, to) => {
      const lengths = [8, 9, 100, 1000, 1380];
      const { underlay } = await hosts.pass({
        external: lengths.map((length, index) =>
          fromOutside(
            udp({ from, to, data: new Uint8Array(length), hopLimit: 60 + index, trafficClass: 8 }),
          ),
        ),
      });
      expect(underlay).toHaveLength(lengths.length);
      expect(new Set(underlay.map(flowIdOf)).size).toBe(1);
    });

    it.each(families)('gives 64 flows many FlowIDs (%s)', async (_, from, to) => {
      const flows = Array.from({ length: 64 }, (_each, index) =>
        fromOutside(udp({ from, to, fromPort: 50_000 + index })),
      );
      const { underlay } = await hosts.pass({ external: flows });
      expect(underlay).toHaveLength(64);
      // 64 throws into 256 boxes fill 57 on average, fewer than 45 once in a million times.
      expect(new Set(underlay.map(flowIdOf)).size).toBeGreaterThanOrEqual(45);
    });

    it.each([
      ['IPv4', blue1.address, blue3.address],
      ['IPv6', blue1.address6, blue3.address6],
    ])(
      'keeps the FlowID of the host that sent a packet from VM to VM (%s)',
      async (_, from, to) => {
        const packet = udp({ from, to });
        const flowIds = [0, 1, 0x7f, 0xff];
        const { underlay } = await hosts.pass({
          underlay: flowIds.map((flowId) => fromVm(blue1, packet, { flowId })),
        });
        expect(underlay.map(flowIdOf)).toEqual(flowIds);
      },
    );
  });

  describe('N3', () => {
    it.each([
      ['IPv4', blue1.address, blue3.address],
      ['IPv6', blue1.address6, blue3.address6],
    ])('drops a frame with an inner 802.1Q tag and counts it (%s)', async (_, from, to) => {
      await hosts.counted();
      const packet = udp({ from, to });
      const out = await hosts.pass({ underlay: [fromVm(blue1, tagged(packet, 5))] });
      expect(hexOf(out)).toEqual(hexOf({}));
      expect(await hosts.counted()).toEqual({ 'innerVlan 5001': 1 });
    });

    it.each([
      ['IPv4', blue1.address, blue3.address],
      ['IPv6', blue1.address6, blue3.address6],
    ])('strips the tag of a packet that leaves the routing domain (%s)', async (_, to, from) => {
      const packet = udp({ from, to });
      const { routingDomain } = TENANTS.blue;
      const frame = ethernet({ payload: tagged(packet, 5) });
      const { underlay } = await hosts.pass({}, { routingDomain, frame });
      const flowId = flowIdOf(underlay[0]);
      expect(underlay.map(hex)).toEqual([hex(toVm(blue1, packet, { flowId }))]);
    });
  });
});

/** The packet behind an 802.1Q tag. */
function tagged(packet: Payload, vlan: number): Payload {
  const bytes = Buffer.concat([Buffer.alloc(4), packet.bytes]);
  bytes.writeUInt16BE(vlan, 0);
  bytes.writeUInt16BE(packet.etherType, 2);
  return { etherType: 0x8100, bytes };
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { udp } from '../support/packets.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import {
  EXTERNAL_HOPS,
  flowIdOf,
  fromOutside,
  fromVm,
  hexOf,
  toOutside,
  toVm,
  vmPlace,
} from '../support/raw-host-frames.js';
import { EXTERNAL } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

const blue1 = vmPlace('blue1');
const blue3 = vmPlace('blue3');
const DSCP_EF = 46 << 2;
const CONGESTION = 3;

/** DSCP and ECN between inner and outer header, as RFC 6040 wants them. */
describe('traffic class', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: scenePolicy({ ipv6: true }) });
  });

  afterAll(() => hosts.remove());

  describe.each([
    { family: 'IPv4', vm: blue1.address, other: blue3.address, outside: EXTERNAL.physicalHost },
    { family: 'IPv6', vm: blue1.address6, other: blue3.address6, outside: EXTERNAL.physicalHost6 },
  ])('N1, inner $family', ({ vm, other, outside }) => {
    it.each([0, 1, 2, 3])('copies DSCP and ECN %i to the outer header', async (ecn) => {
      const trafficClass = DSCP_EF | ecn;
      const options = { from: outside, to: vm, trafficClass };
      const out = await hosts.pass({ external: [fromOutside(udp(options))] });
      const flowId = flowIdOf(out.underlay[0]);
      const packet = udp({ ...options, hopLimit: 64 - EXTERNAL_HOPS });
      expect(hexOf(out)).toEqual(
        hexOf({ underlay: [toVm(blue1, packet, { flowId, trafficClass })] }),
      );
    });

    it.each([
      ['no mark', 0, 1, 1],
      ['another capable mark', 2, 1, 1],
      ['congestion', CONGESTION, 1, CONGESTION],
      ['congestion', CONGESTION, 2, CONGESTION],
      ['congestion', CONGESTION, CONGESTION, CONGESTION],
    ])('outer %s (%i): inner ECN %i leaves as %i', async (_, outer, inner, expected) => {
      const options = { from: vm, to: outside, trafficClass: DSCP_EF | inner };
      const out = await hosts.pass({
        underlay: [fromVm(blue1, udp(options), { trafficClass: outer })],
      });
      const packet = udp({
        ...options,
        trafficClass: DSCP_EF | expected,
        hopLimit: 64 - EXTERNAL_HOPS,
      });
      expect(hexOf(out)).toEqual(hexOf({ external: [toOutside(packet)] }));
    });

    it('outer congestion goes along from VM to VM, in both headers', async () => {
      const options = { from: vm, to: other, trafficClass: DSCP_EF | 2 };
      const trafficClass = 8 | CONGESTION;
      const out = await hosts.pass({ underlay: [fromVm(blue1, udp(options), { trafficClass })] });
      const packet = udp({ ...options, trafficClass: DSCP_EF | CONGESTION, hopLimit: 63 });
      expect(hexOf(out)).toEqual(hexOf({ underlay: [toVm(blue3, packet, { trafficClass })] }));
    });

    it('outer congestion of a flow that cannot be told drops the packet', async () => {
      await hosts.counted();
      const packet = udp({ from: vm, to: outside });
      const out = await hosts.pass({
        underlay: [fromVm(blue1, packet, { trafficClass: CONGESTION })],
      });
      expect(hexOf(out)).toEqual(hexOf({}));
      expect(await hosts.counted()).toEqual({ 'congestionMismatch 5001': 1 });
    });
  });
});

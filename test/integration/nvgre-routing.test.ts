import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checksumOf, sumWords } from '../../src/codec/checksum.js';
import { hex, tcp, udp, type Payload } from '../support/packets.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import {
  addressesOf,
  EXTERNAL_HOPS,
  flowIdOf,
  fromOutside,
  fromVm,
  hexOf,
  innerPacket,
  toOutside,
  toVm,
  vmPlace,
} from '../support/raw-host-frames.js';
import { EXTERNAL } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

const OUTSIDE = EXTERNAL.physicalHost;
const OUTSIDE6 = EXTERNAL.physicalHost6;
const blue1 = vmPlace('blue1');
const blue2 = vmPlace('blue2');
const blue3 = vmPlace('blue3');

describe('routing in a routing domain', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: scenePolicy({ ipv6: true }) });
  });

  afterAll(() => hosts.remove());

  describe('N6: between VSIDs', () => {
    it('writes VSID and MACs of the destination and takes one off the TTL', async () => {
      await hosts.counted();
      const there = { from: blue1.address, to: blue3.address };
      const back = { from: blue3.address, to: blue1.address, hopLimit: 2 };
      const out = await hosts.pass({
        underlay: [
          fromVm(blue1, tcp(there), { flowId: 0x11 }),
          fromVm(blue3, tcp(back), { flowId: 0x22 }),
        ],
      });
      expect(hexOf(out)).toEqual(
        hexOf({
          underlay: [
            toVm(blue3, tcp({ ...there, hopLimit: 63 }), { flowId: 0x11 }),
            toVm(blue1, tcp({ ...back, hopLimit: 1 }), { flowId: 0x22 }),
          ],
        }),
      );
      expect(await hosts.counted()).toEqual({ 'hairpinned 5001': 1, 'hairpinned 5002': 1 });
    });

    it('does the same for a packet with IP options, which the kernel routes', async () => {
      await hosts.counted();
      const packet = { from: blue1.address, to: blue3.address };
      const out = await hosts.pass({ underlay: [fromVm(blue1, withOptions(udp(packet)))] });
      const flowId = flowIdOf(out.underlay[0]);
      const routed = withOptions(udp({ ...packet, hopLimit: 63 }));
      expect(hexOf(out)).toEqual(hexOf({ underlay: [toVm(blue3, routed, { flowId })] }));
      expect(await hosts.counted()).toEqual({ 'decapsulated 5001': 1, 'encapsulated 5002': 1 });
    });

    it('also takes the packet that a host has routed into the other VSID itself', async () => {
      const packet = { from: blue1.address, to: blue3.address };
      const tunnel = { vsid: 5002, innerSource: blue3.gatewayMac, innerDestination: blue3.mac };
      const out = await hosts.pass({ underlay: [fromVm(blue1, udp(packet), tunnel)] });
      expect(hexOf(out)).toEqual(
        hexOf({ underlay: [toVm(blue3, udp({ ...packet, hopLimit: 63 }))] }),
      );
    });

    it('sends back into the same VSID what a host sends through the gateway', async () => {
      const packet = { from: blue1.address, to: blue2.address };
      const out = await hosts.pass({ underlay: [fromVm(blue1, udp(packet))] });
      expect(hexOf(out)).toEqual(
        hexOf({ underlay: [toVm(blue2, udp({ ...packet, hopLimit: 63 }))] }),
      );
    });
  });

  describe('N6: a packet whose TTL ends here', () => {
    it.each([
      ['to a VM, from the first subnet', blue1, blue3.address],
      ['to a VM, from the second subnet', blue3, blue1.address],
      ['to the outside', blue1, OUTSIDE],
    ])('is answered from the sender’s own gateway: %s', async (_, vm, to) => {
      const packet = udp({ from: vm.address, to, hopLimit: 1 });
      const out = await hosts.pass({ underlay: [fromVm(vm, packet)] });
      expect(out.external).toEqual([]);
      const answer = innerPacket(out.underlay[0]);
      expectTunnelledTo(vm, out.underlay, answer);
      expect(addressesOf(answer)).toEqual([vm.gateway, vm.address]);
      // Time exceeded in transit, then the packet as it was.
      expect(answer.subarray(20, 22).toString('hex')).toBe('0b00');
      expect(hex(answer.subarray(28, 28 + packet.bytes.byteLength))).toBe(hex(packet.bytes));
    });

    it.each([
      ['to a VM, from the first subnet', blue1, blue3.address6],
      ['to a VM, from the second subnet', blue3, blue1.address6],
      ['to the outside', blue1, OUTSIDE6],
    ])('is answered so in IPv6: %s', async (_, vm, to) => {
      const packet = udp({ from: vm.address6, to, hopLimit: 1 });
      const out = await hosts.pass({ underlay: [fromVm(vm, packet)] });
      expect(out.external).toEqual([]);
      const answer = innerPacket(out.underlay[0]);
      expectTunnelledTo(vm, out.underlay, answer, 0x86dd);
      expect(addressesOf(answer)).toEqual([vm.gateway6, vm.address6]);
      expect(answer.subarray(40, 42).toString('hex')).toBe('0300');
      expect(hex(answer.subarray(48))).toBe(hex(packet.bytes));
    });
  });

  describe('N16: inner IPv6', () => {
    it('goes from VSID to VSID', async () => {
      const packet = { from: blue1.address6, to: blue3.address6 };
      const out = await hosts.pass({ underlay: [fromVm(blue1, tcp(packet), { flowId: 0x33 })] });
      expect(hexOf(out)).toEqual(
        hexOf({
          underlay: [toVm(blue3, tcp({ ...packet, hopLimit: 63 }), { flowId: 0x33 })],
        }),
      );
    });

    it('goes out and comes in by a routed connection', async () => {
      const hopLimit = 64 - EXTERNAL_HOPS;
      const there = { from: blue1.address6, to: OUTSIDE6 };
      const back = { from: OUTSIDE6, to: blue3.address6 };
      const out = await hosts.pass({
        underlay: [fromVm(blue1, tcp(there))],
        external: [fromOutside(tcp(back))],
      });
      const flowId = flowIdOf(out.underlay[0]);
      expect(hexOf(out)).toEqual(
        hexOf({
          underlay: [toVm(blue3, tcp({ ...back, hopLimit }), { flowId })],
          external: [toOutside(tcp({ ...there, hopLimit }))],
        }),
      );
    });
  });

  /** One frame, and all of it but the packet inside is what the VM gets from its gateway. */
  function expectTunnelledTo(
    vm: typeof blue1,
    frames: readonly Uint8Array[],
    inner: Buffer,
    etherType = 0x0800,
  ): void {
    const [flowId, trafficClass] = [flowIdOf(frames[0]), frames[0]?.[15] ?? 0];
    const packet = { etherType, bytes: inner };
    expect(frames.map(hex)).toEqual([hex(toVm(vm, packet, { flowId, trafficClass }))]);
  }
});

/** The IPv4 packet with four bytes of options that mean nothing (NOP, RFC 791). */
function withOptions({ etherType, bytes: packet }: Payload): Payload {
  const bytes = Buffer.concat([packet.subarray(0, 20), Buffer.alloc(4, 1), packet.subarray(20)]);
  bytes[0] = 0x46;
  bytes.writeUInt16BE(bytes.byteLength, 2);
  bytes.writeUInt16BE(0, 10);
  const header = new DataView(bytes.buffer, bytes.byteOffset, 24);
  bytes.writeUInt16BE(checksumOf(sumWords(header, 0, 24)), 10);
  return { etherType, bytes };
}

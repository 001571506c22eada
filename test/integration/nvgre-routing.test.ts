import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checksumOf, sumWords } from '../../src/codec/checksum.js';
import { embeddedIn, FAMILIES, icmpKind, type Family } from '../support/families.js';
import { hex, icmp, tcp, udp, type Payload } from '../support/packets.js';
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
  type VmPlace,
} from '../support/raw-host-frames.js';
import { EXTERNAL } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

const blue1 = vmPlace('blue1');
const blue2 = vmPlace('blue2');
const blue3 = vmPlace('blue3');

describe('routing in a routing domain', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: scenePolicy({ ipv6: true }) });
  });

  afterAll(() => hosts.remove());

  describe.each(FAMILIES)('$name (N16)', (family) => {
    const { pick } = family;
    const at = (vm: VmPlace): string => pick(vm.address, vm.address6);
    const outside = pick(EXTERNAL.physicalHost, EXTERNAL.physicalHost6);

    describe('N6: between VSIDs', () => {
      it('writes VSID and MACs of the destination and takes one off the TTL', async () => {
        await hosts.counted();
        const there = { from: at(blue1), to: at(blue3) };
        const back = { from: at(blue3), to: at(blue1), hopLimit: 2 };
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

      it('also takes the packet that a host has routed into the other VSID itself', async () => {
        const packet = { from: at(blue1), to: at(blue3) };
        const tunnel = { vsid: 5002, innerSource: blue3.gatewayMac, innerDestination: blue3.mac };
        const out = await hosts.pass({ underlay: [fromVm(blue1, udp(packet), tunnel)] });
        expect(hexOf(out)).toEqual(
          hexOf({ underlay: [toVm(blue3, udp({ ...packet, hopLimit: 63 }))] }),
        );
      });

      it('sends back into the same VSID what a host sends through the gateway', async () => {
        const packet = { from: at(blue1), to: at(blue2) };
        const out = await hosts.pass({ underlay: [fromVm(blue1, udp(packet))] });
        expect(hexOf(out)).toEqual(
          hexOf({ underlay: [toVm(blue2, udp({ ...packet, hopLimit: 63 }))] }),
        );
      });
    });

    describe('N6: a packet whose TTL ends here', () => {
      it.each([
        ['to a VM, from the first subnet', blue1, at(blue3)],
        ['to a VM, from the second subnet', blue3, at(blue1)],
        ['to the outside', blue1, outside],
      ])('is answered from the sender’s own gateway: %s', async (_, vm, to) => {
        const packet = udp({ from: at(vm), to, hopLimit: 1 });
        const out = await hosts.pass({ underlay: [fromVm(vm, packet)] });
        expect(out.external).toEqual([]);
        const answer = innerPacket(out.underlay[0]);
        expectTunnelledTo(vm, out.underlay, answer, family);
        expect(addressesOf(answer)).toEqual([pick(vm.gateway, vm.gateway6), at(vm)]);
        // Then the packet as it was.
        expect(icmpKind(family, answer)).toBe(family.icmp.timeExceeded);
        const { byteLength } = packet.bytes;
        expect(hex(embeddedIn(family, answer).subarray(0, byteLength))).toBe(hex(packet.bytes));
      });
    });

    it('goes out and comes in by a routed connection (G1)', async () => {
      const hopLimit = 64 - EXTERNAL_HOPS;
      const there = { from: at(blue1), to: outside };
      const back = { from: outside, to: at(blue3) };
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

    it('the gateway answers echo requests to its own address', async () => {
      const gateway = pick(blue1.gateway, blue1.gateway6);
      const packet = icmp({ from: at(blue1), to: gateway });
      const out = await hosts.pass({ underlay: [fromVm(blue1, packet)] });
      expect(out.external).toEqual([]);
      const answer = innerPacket(out.underlay[0]);
      expectTunnelledTo(blue1, out.underlay, answer, family);
      expect(addressesOf(answer)).toEqual([gateway, at(blue1)]);
      expect(icmpKind(family, answer)).toBe(family.icmp.echoReply);
    });

    it('N6: does the same for a packet with options, which the kernel routes', async () => {
      await hosts.counted();
      const packet = { from: at(blue1), to: at(blue3) };
      const withOptions = pick(withOptions4, withOptions6);
      const out = await hosts.pass({ underlay: [fromVm(blue1, withOptions(udp(packet)))] });
      const flowId = flowIdOf(out.underlay[0]);
      const routed = withOptions(udp({ ...packet, hopLimit: 63 }));
      expect(hexOf(out)).toEqual(hexOf({ underlay: [toVm(blue3, routed, { flowId })] }));
      expect(await hosts.counted()).toEqual(
        pick(
          { 'decapsulated 5001': 1, 'encapsulated 5002': 1 },
          // The packet path does not look behind the fixed header of IPv6.
          { 'hairpinned 5001': 1 },
        ),
      );
    });
  });

  /** One frame, and all of it but the packet inside is what the VM gets from its gateway. */
  function expectTunnelledTo(
    vm: typeof blue1,
    frames: readonly Uint8Array[],
    inner: Buffer,
    { etherType }: Family,
  ): void {
    const [flowId, trafficClass] = [flowIdOf(frames[0]), frames[0]?.[15] ?? 0];
    const packet = { etherType, bytes: inner };
    expect(frames.map(hex)).toEqual([hex(toVm(vm, packet, { flowId, trafficClass }))]);
  }
});

/** The IPv4 packet with four bytes of options that mean nothing (NOP, RFC 791). */
function withOptions4({ etherType, bytes: packet }: Payload): Payload {
  const bytes = Buffer.concat([packet.subarray(0, 20), Buffer.alloc(4, 1), packet.subarray(20)]);
  bytes[0] = 0x46;
  bytes.writeUInt16BE(bytes.byteLength, 2);
  bytes.writeUInt16BE(0, 10);
  const header = new DataView(bytes.buffer, bytes.byteOffset, 24);
  bytes.writeUInt16BE(checksumOf(sumWords(header, 0, 24)), 10);
  return { etherType, bytes };
}

/** The IPv6 packet with eight bytes of hop-by-hop options that mean nothing (PadN, RFC 8200). */
function withOptions6({ etherType, bytes: packet }: Payload): Payload {
  const options = Buffer.of(packet[6] ?? 0, 0, 1, 4, 0, 0, 0, 0);
  const bytes = Buffer.concat([packet.subarray(0, 40), options, packet.subarray(40)]);
  bytes.writeUInt16BE(bytes.byteLength - 40, 4);
  bytes[6] = 0;
  return { etherType, bytes };
}

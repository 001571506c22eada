import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embeddedIn, FAMILIES, icmpKind, mtuIn } from '../support/families.js';
import { hex, repairIpv4Checksum, tcp, udp, type Payload } from '../support/packets.js';
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

const [blue1, blue3] = [vmPlace('blue1'), vmPlace('blue3')];
const OUTSIDE = EXTERNAL.physicalHost;
/** An underlay of 1500 without the 42 bytes of NVGRE. */
const INNER_MTU = 1458;
const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const hopLimit = 64 - EXTERNAL_HOPS;

/** A UDP packet of so many bytes, IP header included. */
function packetOf(
  bytes: number,
  options: { from: string; to: string; hopLimit?: number },
): Payload {
  const headers = options.from.includes(':') ? 48 : 28;
  const data = Uint8Array.from({ length: bytes - headers }, (_, index) => index % 251);
  return udp({ ...options, data });
}

describe('N8: packet sizes', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: scenePolicy({ ipv6: true }) });
  });

  afterAll(() => hosts.remove());

  it('says what fits', async () => {
    const text = await hosts.gateway.nvgate(['capabilities', '-o', 'json']);
    expect(JSON.parse(text)).toMatchObject({ innerMtu: INNER_MTU });
  });

  describe.each(FAMILIES)('$name (N16)', (family) => {
    const { pick } = family;
    const at = (vm: VmPlace): string => pick(vm.address, vm.address6);
    const outside = pick(EXTERNAL.physicalHost, EXTERNAL.physicalHost6);

    it('fills an underlay packet of 1500 bytes and sets DF on it', async () => {
      const packet = { from: outside, to: at(blue1) };
      const out = await hosts.pass({ external: [fromOutside(packetOf(INNER_MTU, packet))] });
      const flowId = flowIdOf(out.underlay[0]);
      const expected = toVm(blue1, packetOf(INNER_MTU, { ...packet, hopLimit }), { flowId });
      expect(hexOf(out)).toEqual(hexOf({ underlay: [expected] }));
      expect(expected).toHaveLength(14 + 1500);
      expect(outerFragmentWord(expected)).toBe(DONT_FRAGMENT);
    });

    it.each([INNER_MTU, 48])('sends %i bytes from VM to VM', async (bytes) => {
      const pair = { from: at(blue1), to: at(blue3) };
      const out = await hosts.pass({ underlay: [fromVm(blue1, packetOf(bytes, pair))] });
      expect(hexOf(out)).toEqual(
        hexOf({ underlay: [toVm(blue3, packetOf(bytes, { ...pair, hopLimit: 63 }))] }),
      );
    });

    it('lets a VM send as much to the outside', async () => {
      const options = { from: at(blue1), to: outside };
      const out = await hosts.pass({ underlay: [fromVm(blue1, packetOf(INNER_MTU, options))] });
      expect(hexOf(out)).toEqual(
        hexOf({ external: [toOutside(packetOf(INNER_MTU, { ...options, hopLimit }))] }),
      );
    });

    it.each([INNER_MTU + 1, 1500])('tells the sender of %i bytes about 1458', async (bytes) => {
      const packet = packetOf(bytes, { from: outside, to: at(blue1) });
      const out = await hosts.pass({ external: [fromOutside(packet)] });
      expect(out.underlay).toEqual([]);
      expect(out.external).toHaveLength(1);
      const answer = ipPacket(out.external[0]);
      expect(addressesOf(answer)).toEqual([pick(blue1.gateway, blue1.gateway6), outside]);
      // Fragmentation needed (RFC 1191), or packet too big (RFC 4443 section 3.2).
      expect(icmpKind(family, answer)).toBe(family.icmp.tooBig);
      expect(mtuIn(family, answer)).toBe(INNER_MTU);
      expect(addressesOf(embeddedIn(family, answer))).toEqual([outside, at(blue1)]);
    });

    it('tells a sender who knows only the NAT address, in its own words', async () => {
      const sender = pick(EXTERNAL.host, EXTERNAL.host6);
      const natAddress = pick(EXTERNAL.natAddress, EXTERNAL.natAddress6);
      const call = {
        ...{ from: sender, fromPort: 44_001, to: natAddress, toPort: EXTERNAL.publishedPort },
      };
      await hosts.pass({ external: [fromOutside(tcp(call))] });
      // The SYN once more, with data: any other segment would have to fit a handshake.
      const data = new Uint8Array(INNER_MTU + 1 - family.header - 20);
      const out = await hosts.pass({ external: [fromOutside(tcp({ ...call, data }))] });
      expect(out.underlay).toEqual([]);
      expect(out.external).toHaveLength(1);
      const answer = ipPacket(out.external[0]);
      expect(addressesOf(answer)).toEqual([natAddress, sender]);
      expect(icmpKind(family, answer)).toBe(family.icmp.tooBig);
      expect(mtuIn(family, answer)).toBe(INNER_MTU);
      const about = embeddedIn(family, answer);
      expect(addressesOf(about)).toEqual([sender, natAddress]);
      expect(about.readUInt16BE(family.header + 2)).toBe(EXTERNAL.publishedPort);
    });
  });

  it('without DF sends inner fragments that make up the packet, each in a whole outer one', async () => {
    const packet = fragmentable(packetOf(1500, { from: OUTSIDE, to: blue1.address }));
    const { underlay, external } = await hosts.pass({ external: [fromOutside(packet)] });
    expect(external).toEqual([]);
    expect(underlay.length).toBeGreaterThan(1);
    for (const frame of underlay) {
      expect(frame.byteLength).toBeLessThanOrEqual(14 + 1500);
      expect(outerFragmentWord(frame)).toBe(DONT_FRAGMENT);
      const fragment = { etherType: 0x0800, bytes: innerPacket(frame) };
      expect(hex(frame)).toBe(hex(toVm(blue1, fragment, { flowId: flowIdOf(frame) })));
    }
    const expected = fragmentable(packetOf(1500, { from: OUTSIDE, to: blue1.address, hopLimit }));
    expect(hex(reassemble(underlay.map(innerPacket)))).toBe(hex(expected.bytes));
  });

  it('carries fragments of a VM’s own packet as they are', async () => {
    const packet = { from: blue1.address, to: blue3.address };
    const part = (payload: Payload): Payload => asFragment(payload, MORE_FRAGMENTS | 180);
    const out = await hosts.pass({ underlay: [fromVm(blue1, part(packetOf(1468 - 20, packet)))] });
    expect(hexOf(out)).toEqual(
      hexOf({ underlay: [toVm(blue3, part(packetOf(1448, { ...packet, hopLimit: 63 })))] }),
    );
  });
});

/** What a frame without a tunnel carries. */
function ipPacket(frame: Uint8Array | undefined): Buffer {
  return Buffer.from(frame ?? []).subarray(14);
}

function outerFragmentWord(frame: Uint8Array): number {
  return Buffer.from(frame).readUInt16BE(14 + 6);
}

/** The packet without DF. */
function fragmentable(packet: Payload): Payload {
  return asFragment(packet, 0);
}

function asFragment({ etherType, bytes: packet }: Payload, fragmentWord: number): Payload {
  const bytes = Buffer.from(packet);
  bytes.writeUInt16BE(0x1234, 4);
  bytes.writeUInt16BE(fragmentWord, 6);
  repairIpv4Checksum(bytes, 0);
  return { etherType, bytes };
}

/** The IPv4 packet that the fragments are of; there must be no gap and no overlap. */
function reassemble(fragments: readonly Buffer[]): Buffer {
  const offsetOf = (fragment: Buffer): number => (fragment.readUInt16BE(6) & 0x1fff) * 8;
  const parts = [...fragments].sort((a, b) => offsetOf(a) - offsetOf(b));
  let end = 0;
  for (const [index, part] of parts.entries()) {
    expect(offsetOf(part)).toBe(end);
    expect((part.readUInt16BE(6) & MORE_FRAGMENTS) !== 0).toBe(index < parts.length - 1);
    end += part.byteLength - 20;
  }
  const whole = Buffer.concat([
    parts[0]?.subarray(0, 20) ?? Buffer.alloc(20),
    ...parts.map((part) => part.subarray(20)),
  ]);
  whole.writeUInt16BE(whole.byteLength, 2);
  whole.writeUInt16BE(0, 6);
  repairIpv4Checksum(whole, 0);
  return whole;
}

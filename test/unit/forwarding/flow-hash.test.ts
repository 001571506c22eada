import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flowHashOf } from '../../../src/forwarding/flow-hash.js';
import { flowIdOf } from '../../../src/model/flow-id.js';
import { ethernet, tcp, udp, type Payload } from '../../support/packets.js';

const flowId = (payload: Payload): number => flowIdOf(flowHashOf(ethernet({ payload })));

const FAMILIES = {
  4: { from: '192.168.1.101', to: '203.0.113.100' },
  6: { from: 'fd00:1::101', to: '2001:db8:ff::100' },
} as const;

/** Where the fragment word, the protocol or next header and the flow label are in an IP packet. */
const AT = { fragment: 6, protocol: { 4: 9, 6: 6 }, label: 0 } as const;

describe('the FlowID (N2)', () => {
  const family = fc.constantFrom(4 as const, 6 as const);
  const port = fc.nat(0xffff);

  it('is the same for all packets of a flow', () => {
    fc.assert(
      fc.property(
        family,
        port,
        port,
        fc.nat(255),
        fc.nat(1000),
        (of, fromPort, toPort, tos, size) => {
          const flow = { ...FAMILIES[of], fromPort, toPort };
          const other = { trafficClass: tos, hopLimit: 3, data: new Uint8Array(size) };
          expect(flowId(udp({ ...flow, ...other }))).toBe(flowId(udp(flow)));
          expect(flowId(tcp({ ...flow, ...other, flags: 0x10 }))).toBe(flowId(tcp(flow)));
        },
      ),
    );
  });

  it('is one for all fragments of a packet, which do not all have the ports', () => {
    const fragment = (word: number, data: number): Payload => {
      const packet = udp({ ...FAMILIES[4], fromPort: data, toPort: data });
      new DataView(packet.bytes.buffer).setUint16(AT.fragment, word);
      return packet;
    };
    expect(flowId(fragment(0x00b9, 0xbeef))).toBe(flowId(fragment(0x2000, 7)));
  });

  it('follows the flow label where an IPv6 packet has no ports in sight', () => {
    const fragmented = (label: number, data: number): Payload => {
      const packet = udp({ ...FAMILIES[6], fromPort: data, toPort: data });
      const bytes = new DataView(packet.bytes.buffer);
      bytes.setUint32(AT.label, 0x6000_0000 | label);
      bytes.setUint8(AT.protocol[6], 44);
      return packet;
    };
    expect(flowId(fragmented(5, 1))).toBe(flowId(fragmented(5, 2)));
    expect(
      new Set(Array.from({ length: 64 }, (_, n) => flowId(fragmented(n, 1)))).size,
    ).toBeGreaterThan(40);
  });

  it('is not the same for both protocols, both directions or swapped ports', () => {
    const flow = { ...FAMILIES[4], fromPort: 1000, toPort: 2000 };
    const { from, to } = flow;
    const ids = [
      ...[udp(flow), tcp(flow), udp({ ...flow, from: to, to: from })],
      udp({ ...flow, fromPort: 2000, toPort: 1000 }),
    ].map((packet) => flowHashOf(ethernet({ payload: packet })));
    expect(new Set(ids).size).toBe(4);
  });

  const MANY = 4096;
  it.each([
    [
      'source ports in a row',
      (n: number) => ({ ...FAMILIES[4], fromPort: 20_000 + n, toPort: 443 }),
    ],
    [
      'every second source port',
      (n: number) => ({ ...FAMILIES[4], fromPort: 20_000 + 2 * n, toPort: 443 }),
    ],
    ['servers in a row', (n: number) => ({ ...FAMILIES[4], to: `10.0.${n >> 8}.${n & 255}` })],
    ['VMs in a row', (n: number) => ({ ...FAMILIES[4], from: `10.${n >> 8}.${n & 255}.7` })],
    [
      'IPv6 source ports in a row',
      (n: number) => ({ ...FAMILIES[6], fromPort: 20_000 + n, toPort: 443 }),
    ],
    [
      'IPv6 subnets in a row',
      (n: number) => ({ ...FAMILIES[6], from: `fd00:1:${n.toString(16)}::1` }),
    ],
    ['IPv6 VMs in a row', (n: number) => ({ ...FAMILIES[6], to: `fd00:1::${n.toString(16)}` })],
  ])('spreads over all 256: %s', (_, flowOf) => {
    const counts = new Array<number>(256).fill(0);
    for (let n = 0; n < MANY; n++) {
      const id = flowId(tcp(flowOf(n)));
      counts[id] = (counts[id] ?? 0) + 1;
    }
    // Chi-square over 255 degrees of freedom; chance alone is above 360 once in 50,000 times.
    const expected = MANY / 256;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(360);
  });
});

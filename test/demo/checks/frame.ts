import { isIpv4HeaderIntact } from '../../../src/codec/ipv4.js';
import { NvgreOffset } from '../../../src/codec/nvgre.js';
import { ipToBytes, parseIp } from '../../../src/net/ip.js';
import { macOf } from '../../bench/topology/quiet-namespace.js';
import { capture } from '../../support/capture.js';
import { ping } from '../../support/ping.js';
import { PROVIDER_ADDRESSES } from '../../support/scene-plan.js';
import { hex } from '../../support/packets.js';
import { customerAddressOf } from '../cast.js';
import { demand, type Check, type Say } from '../check.js';

/** Consecutive bytes of a frame. */
interface Field {
  readonly name: string;
  /** What they have to be, as hexadecimal digits; a dot is any digit. */
  readonly pattern: string;
  readonly meaning: string;
}

export const frameCheck: Check = {
  id: 'frame',
  title: 'One frame on the underlay, byte for byte (RFC 7637)',
  async run({ scene }, say) {
    const { blue1, blue3 } = scene.vms;
    const { gateway, host2 } = PROVIDER_ADDRESSES;
    const requests = 'icmp[icmptype] = icmp-echo';
    const sent = await capture(blue1.namespace, 'eth0', requests);
    const underlay = await capture(
      scene.gateway,
      'underlay',
      `ip proto 47 and src ${gateway} and dst ${host2}`,
    );
    const received = await capture(blue3.namespace, 'eth0', requests);
    const to = customerAddressOf('blue3');
    await ping(blue1.namespace, to, { count: 1, payloadBytes: 16 });
    const [[before], [frame], [after]] = await Promise.all([
      sent.waitFor(1),
      underlay.waitFor(1),
      received.waitFor(1),
    ]);
    await Promise.all([sent.stop(), underlay.stop(), received.stop()]);
    demand(
      before !== undefined && frame !== undefined && after !== undefined,
      'The ping was not captured everywhere.',
    );

    const inner = hex(after.bytes);
    const addresses = hex(ipToBytes(parseIp(gateway))) + hex(ipToBytes(parseIp(host2)));
    const length = (frame.bytes.byteLength - NvgreOffset.outerIp).toString(16).padStart(4, '0');
    const flowId = frame.bytes[NvgreOffset.key + 3] ?? 0;
    const macs = [
      await macOf(scene.hosts.host2.namespace, 'pa'),
      await macOf(scene.gateway, 'underlay'),
    ];
    const fields: readonly Field[] = [
      {
        name: 'outer Ethernet',
        pattern: `${macs.join('').replaceAll(':', '')}0800`,
        meaning: 'to host2, from the gateway, IPv4',
      },
      {
        name: 'outer IPv4',
        pattern: `4500${length}00004000402f....${addresses}`,
        meaning: `${gateway} -> ${host2}, DF, TTL 64, protocol 47 (GRE)`,
      },
      {
        name: 'GRE',
        pattern: '20006558',
        meaning: 'only the key bit, version 0; protocol 0x6558',
      },
      {
        name: 'GRE key',
        pattern: '00138a..',
        meaning: `VSID 0x00138a = 5002, FlowID 0x${flowId.toString(16).padStart(2, '0')}`,
      },
      {
        name: 'inner Ethernet',
        pattern: '00155d02140b1010101010020800',
        meaning: `to the MAC of blue3, from the gateway's, IPv4; no 802.1Q tag, no FCS`,
      },
      {
        name: 'inner IPv4',
        pattern: inner.slice(28),
        meaning: `${customerAddressOf('blue1')} -> ${to}, TTL 63, as blue3 received it`,
      },
    ];
    walk(frame.bytes, fields, say);
    const view = new DataView(frame.bytes.buffer, frame.bytes.byteOffset, frame.bytes.byteLength);
    demand(isIpv4HeaderIntact(view, NvgreOffset.outerIp), 'The outer checksum is wrong.');
    demand(
      hex(frame.bytes.subarray(NvgreOffset.innerEthernet)) === inner,
      'blue3 received another frame than the one in the tunnel.',
    );
    // Behind TTL, protocol and header checksum a router changes nothing.
    demand(
      hex(before.bytes.subarray(14 + 12)) === hex(after.bytes.subarray(14 + 12)),
      'The packet changed on its way.',
    );
    return {
      detail: `${frame.bytes.byteLength} bytes as RFC 7637 says, 42 more than the inner packet; Open vSwitch delivered the inner frame unchanged`,
    };
  },
};

/** Shows the frame field by field and compares each. */
function walk(frame: Uint8Array, fields: readonly Field[], say: Say): void {
  const digits = hex(frame);
  let at = 0;
  for (const { name, pattern, meaning } of fields) {
    const found = digits.slice(at, at + pattern.length);
    say(`${(at / 2).toString().padStart(3)}  ${name.padEnd(14)}  ${meaning}`);
    // 20 bytes a line: the IPv4 headers fill one.
    for (const row of found.match(/.{1,40}/g) ?? [])
      say(`       ${row.replace(/..(?=.)/g, '$& ')}`);
    demand(
      new RegExp(`^${pattern}$`).test(found),
      `${name} at offset ${at / 2} is ${found}, should be ${pattern}.`,
    );
    at += pattern.length;
  }
  demand(at === digits.length, `The frame has ${(digits.length - at) / 2} bytes too many.`);
}

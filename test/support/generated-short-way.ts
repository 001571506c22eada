import { writeMac } from '../../src/codec/ethernet.js';
import { IpProtocol } from '../../src/codec/ip-protocol.js';
import { parseIp, type IpAddress } from '../../src/net/ip.js';
import type { MacAddress } from '../../src/net/mac.js';
import { onceIn, pick, type Choices } from './choices.js';
import { ethernet, nvgre, repairIpv4Checksum, tcp, udp, type Payload } from './packets.js';
import { LAB_GATEWAY, LAB_HOST, LAB_VSIDS } from './short-way-tables.js';

/** Of each kind that the routes of the lab know, and of those that no routes are asked for. */
const ADDRESSES = {
  4: [
    ...[
      '203.0.113.10',
      '203.0.113.30',
      '192.168.1.101',
      '192.168.2.101',
      '203.0.113.100',
      '8.8.8.8',
    ],
    ...['100.64.3.4', '10.9.1.1', '10.1.1.20', '198.18.3.3', '203.0.113.2', '203.0.113.255'],
    ...['10.1.1.40', '198.51.100.2', '198.51.100.9', '169.254.7.7', '127.0.0.1', '0.1.2.3'],
    ...['224.0.0.5', '255.255.255.255', '240.0.0.1'],
  ],
  6: [
    ...['fd00:1::101', 'fd00:2::101', '2001:db8:ff::100', '2001:db8:9::9', '2001:db8:ff::2'],
    '2001:db8:ff::30',
    ...['2001:db8:dead::1', 'fd4e:5647:4154::7', 'fe80::1', '::1', '::', '::ffff:10.1.1.1'],
    ...['ff02::1', 'ff0e::5', '64:ff9b::808:808'],
  ],
} as const;

/** Of those the ones that packets are most often for. */
const FORWARDED = {
  4: ['203.0.113.10', '192.168.1.101', '192.168.2.101', '203.0.113.100', '8.8.8.8'],
  6: ['fd00:1::101', 'fd00:2::101', '2001:db8:ff::100', '2001:db8:9::9'],
} as const;

/** Of those the ones that VMs have, or are translated to. */
const SOURCES = {
  4: ['192.168.1.101', '192.168.1.102', '192.168.2.101', '192.168.77.1', '203.0.113.30'],
  6: ['fd00:1::101', 'fd00:2::101', '2001:db8:ff::30'],
} as const;

export function tunnelFrame(
  domain: keyof typeof LAB_VSIDS,
  inner: Payload,
  trafficClass = 0,
): Uint8Array {
  return nvgre({
    ...{ from: LAB_HOST.providerAddress, to: LAB_GATEWAY, vsid: LAB_VSIDS[domain], flowId: 7 },
    ...{ innerSource: LAB_HOST.mac, innerDestination: LAB_HOST.mac, inner, trafficClass },
  });
}

/** What a VM of the lab sends, as decap gets it. */
export function generateTunnelFrame(choices: Choices): Uint8Array {
  const domain = pick(choices, ['blue', 'red'] as const);
  return tunnelFrame(domain, generatePacket(choices, true), pick(choices, [0, 0, 0, 1, 3]));
}

/** What comes in on the lab's external device, which has the address `own`. */
export function generateExternalFrame(choices: Choices, own: MacAddress): Uint8Array {
  return generateFrame(choices, own, generatePacket(choices, false));
}

/** What comes out of green, on whose `ext` the address is `own`. */
export function generateExtFrame(choices: Choices, own: MacAddress): Uint8Array {
  return generateFrame(choices, own, generatePacket(choices, true));
}

function generateFrame(choices: Choices, own: MacAddress, payload: Payload): Uint8Array {
  const frame = ethernet({ destination: own, payload });
  const bytes = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (onceIn(choices, 12))
    writeMac(
      bytes,
      0,
      pick(choices, [0x01_00_5e_00_00_05, 0xffff_ffff_ffff, 0x02_00_00_00_00_09]) as MacAddress,
    );
  if (onceIn(choices, 30)) bytes.setUint16(12, pick(choices, [0x0806, 0x8847, 0x86dd, 0x0800]));
  return onceIn(choices, 30) ? frame.subarray(0, choices.below(frame.length)) : frame;
}

/** A packet from anywhere to anywhere, mostly from a VM (or to one); sometimes spoilt, sometimes padded. */
function generatePacket(choices: Choices, isOutward: boolean): Payload {
  const family = pick(choices, [4, 6] as const);
  const anywhere = (): IpAddress =>
    parseIp(pick(choices, onceIn(choices, 2) ? ADDRESSES[family] : FORWARDED[family]));
  const ofVm = (): IpAddress =>
    onceIn(choices, 8) ? anywhere() : parseIp(pick(choices, SOURCES[family]));
  const [from, to] = isOutward ? [ofVm(), anywhere()] : [anywhere(), ofVm()];
  const sizes = [0, 8, 100, 1258, 1270, 1280, 1330, 1350, 1370, 1390, 1430, 1460, 1480];
  const { etherType, bytes } = pick(choices, [udp, tcp])({
    ...{ from, to, data: new Uint8Array(pick(choices, sizes)) },
    hopLimit: pick(choices, [64, 64, 64, 255, 1, 2, 3]),
    trafficClass: pick(choices, [0, 0, 1, 0xb9, 3]),
  });
  const padded = new Uint8Array(bytes.byteLength + (onceIn(choices, 8) ? 6 : 0));
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  if (family === 4) {
    if (onceIn(choices, 12)) view.setUint8(0, pick(choices, [0x46, 0x44, 0x65, 0x55]));
    if (onceIn(choices, 12)) view.setUint16(6, pick(choices, [0x2000, 0x0001, 0x4000, 0x8000]));
    if (onceIn(choices, 6)) view.setUint8(9, pick(choices, [1, 4, 47, 50, 132]));
    if (onceIn(choices, 30)) view.setUint16(2, choices.below(2000));
    if (!onceIn(choices, 30)) repairIpv4Checksum(padded, 0);
  } else {
    if (onceIn(choices, 12)) view.setUint8(0, pick(choices, [0x40, 0x66, 0x70]));
    if (onceIn(choices, 3))
      view.setUint8(6, pick(choices, [0, 43, 44, 47, 50, 60, IpProtocol.icmpv6]));
    if (onceIn(choices, 2)) view.setUint8(40, pick(choices, [1, 128, 133, 135, 136, 137, 138]));
    if (onceIn(choices, 30)) view.setUint16(4, choices.below(2000));
  }
  return { etherType, bytes: padded };
}

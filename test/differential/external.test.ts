import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IpProtocol } from '../../src/codec/ip-protocol.js';
import { writeMac } from '../../src/codec/ethernet.js';
import { transitAddresses } from '../../src/dataplane/compile/transit.js';
import { shortWay } from '../../src/forwarding/external.js';
import { formatIp, isIpv4, parseIp, type IpAddress } from '../../src/net/ip.js';
import type { MacAddress } from '../../src/net/mac.js';
import { isRunnable } from '../support/bpf-test-run.js';
import { onceIn, pick, seededChoices, type Choices } from '../support/choices.js';
import { createExternalLab, type ExternalLab } from '../support/external-lab.js';
import { ethernet, tcp, udp } from '../support/packets.js';

const PACKETS = 40_000;
const SEED = 7637;

const TC_ACT_UNSPEC = -1;
const TC_ACT_REDIRECT = 7;

/** Of each kind that the routes of the lab know, and of those that no routes are asked for. */
const ADDRESSES = {
  4: [
    ...['203.0.113.10', '192.168.1.101', '192.168.2.101', '203.0.113.100', '8.8.8.8'],
    ...['100.64.3.4', '10.9.1.1', '10.1.1.20', '198.18.3.3', '203.0.113.2', '203.0.113.255'],
    ...['10.1.1.40', '198.51.100.2', '198.51.100.9', '169.254.7.7', '127.0.0.1', '0.1.2.3'],
    ...['224.0.0.5', '255.255.255.255', '240.0.0.1'],
  ],
  6: [
    ...['fd00:1::101', 'fd00:2::101', '2001:db8:ff::100', '2001:db8:9::9', '2001:db8:ff::2'],
    ...['2001:db8:dead::1', 'fd4e:5647:4154::7', 'fe80::1', '::1', '::', '::ffff:10.1.1.1'],
    ...['ff02::1', 'ff0e::5', '64:ff9b::808:808'],
  ],
} as const;

/** Of those the ones that packets are most often for. */
const FORWARDED = {
  4: ['203.0.113.10', '192.168.1.101', '192.168.2.101', '203.0.113.100', '8.8.8.8'],
  6: ['fd00:1::101', 'fd00:2::101', '2001:db8:ff::100', '2001:db8:9::9'],
} as const;

const ENDS = ['external', 'second', 'blue', 'red'] as const;

describe('the short way on the external side', () => {
  let lab: ExternalLab;

  beforeAll(async () => {
    lab = await createExternalLab('dist/bpf/nvgate.bpf.o');
  });

  afterAll(() => lab.close());

  it(`is taken by the same of ${PACKETS} generated packets as src/forwarding says`, () => {
    const wanted = { externalIn: 0, externalOut: 0 };
    for (let number = 0; number < PACKETS; number++) {
      const choices = seededChoices(SEED + number);
      const from = pick(choices, ENDS);
      const frame = generateFrame(choices, lab.ends[from].macAddress);
      if (!isRunnable(frame)) continue;
      const result = shortWay(frame, lab.ends[from], lab.routes);
      const found = lab.run(frame, from);
      const where = `packet ${number} from ${from}: ${Buffer.from(frame).toString('hex')}`;
      expect(found.action, where).toBe(
        result.kind === 'forwarded' ? TC_ACT_REDIRECT : TC_ACT_UNSPEC,
      );
      if (result.kind !== 'forwarded') continue;
      expect(Buffer.from(found.frame).equals(frame), where).toBe(true);
      wanted[result.verdict === 'externalIn' ? 'externalIn' : 'externalOut']++;
    }
    expect(lab.counted('externalIn')).toBe(wanted.externalIn);
    expect(lab.counted('externalOut')).toBe(wanted.externalOut);
    expect(wanted.externalIn).toBeGreaterThan(PACKETS / 100);
    expect(wanted.externalOut).toBeGreaterThan(PACKETS / 100);
  });

  it('is never taken by transit addresses', () => {
    const shared = ['203.0.113.77', '2001:db8:ff::77'].map(parseIp);
    for (const [index, address] of shared.entries()) {
      const [transit] = transitAddresses(new Map([[`domain ${index}`, address]])).values();
      if (transit === undefined) throw new Error('no transit address');
      const other = isIpv4(transit) ? '203.0.113.100' : '2001:db8:ff::100';
      for (const [from, to] of [
        [formatIp(transit), other],
        [other, formatIp(transit)],
      ] as const)
        for (const end of ENDS) {
          const frame = ethernet({
            destination: lab.ends[end].macAddress,
            payload: udp({ from, to }),
          });
          expect(shortWay(frame, lab.ends[end], () => ANYWHERE(lab, end))).toEqual({
            kind: 'pass',
          });
          expect(lab.run(frame, end).action).toBe(TC_ACT_UNSPEC);
        }
    }
  });
});

/** Routes that would let everything pass. */
function ANYWHERE(lab: ExternalLab, from: (typeof ENDS)[number]) {
  return { leadsTo: lab.ends[from], mtu: 1500 };
}

function generateFrame(choices: Choices, own: MacAddress): Uint8Array {
  const family = pick(choices, [4, 6] as const);
  const address = (): IpAddress =>
    parseIp(pick(choices, onceIn(choices, 2) ? ADDRESSES[family] : FORWARDED[family]));
  const data = new Uint8Array(pick(choices, [0, 8, 100, 1340, 1360, 1380, 1440, 1472, 1480]));
  const packet = pick(choices, [udp, tcp])({ from: address(), to: address(), data });
  const frame = ethernet({ destination: own, payload: packet });
  const bytes = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (onceIn(choices, 12))
    writeMac(
      bytes,
      0,
      pick(choices, [0x01_00_5e_00_00_05, 0xffff_ffff_ffff, 0x02_00_00_00_00_09]) as MacAddress,
    );
  if (family === 4) {
    if (onceIn(choices, 12)) bytes.setUint8(14, pick(choices, [0x46, 0x44, 0x65, 0x55]));
    if (onceIn(choices, 12)) bytes.setUint16(20, pick(choices, [0x2000, 0x0001, 0x4000, 0x8000]));
    if (onceIn(choices, 6)) bytes.setUint8(23, pick(choices, [1, 4, 47, 50, 132]));
  } else {
    if (onceIn(choices, 12)) bytes.setUint8(14, pick(choices, [0x40, 0x66, 0x70]));
    if (onceIn(choices, 3))
      bytes.setUint8(20, pick(choices, [0, 43, 44, 47, 50, 60, IpProtocol.icmpv6]));
    if (onceIn(choices, 2)) bytes.setUint8(54, pick(choices, [1, 128, 133, 135, 136, 137, 138]));
  }
  if (onceIn(choices, 30)) bytes.setUint16(12, pick(choices, [0x0806, 0x8847, 0x86dd, 0x0800]));
  return onceIn(choices, 30) ? frame.subarray(0, choices.below(frame.length)) : frame;
}

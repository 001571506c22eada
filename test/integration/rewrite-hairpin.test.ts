import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../../provider/schemas.js';
import { IpProtocol } from '../../src/codec/ip-protocol.js';
import {
  ethernet,
  hex,
  icmp,
  icmpUnreachable,
  repairIpv4Checksum,
  tcp,
  udp,
  type Payload,
} from '../support/packets.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import {
  between,
  flowIdOf,
  fromOutside,
  fromVm,
  GATEWAY_MAC,
  hexOf,
  innerPacket,
  toVm,
  underlayMac,
  vmPlace,
  vsidOf,
  type VmPlace,
} from '../support/raw-host-frames.js';
import { EXTERNAL, TENANTS } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

/** With a PA of its own each; blue3 stays in NVGRE. */
const blue1 = { ...vmPlace('blue1'), providerAddress: '10.1.1.61' };
const blue2 = { ...vmPlace('blue2'), providerAddress: '10.1.1.62' };
const blue3 = vmPlace('blue3');
const REWRITTEN: Readonly<Record<string, VmPlace>> = {
  [blue1.address]: blue1,
  [blue2.address]: blue2,
};

function policy(): PolicyDocument {
  const scene = scenePolicy();
  const [blue, ...others] = scene.routingDomains ?? [];
  if (blue === undefined) throw new Error('the scene has tenants');
  const lookupRecords = blue.lookupRecords?.map((record) => {
    const vm = REWRITTEN[record.customerAddress];
    if (vm === undefined) return record;
    return { ...record, rule: 'nat' as const, providerAddress: vm.providerAddress };
  });
  return {
    ...scene,
    routingDomains: [{ ...blue, ...(lookupRecords && { lookupRecords }) }, ...others],
  };
}

/** What leaves for the VM's PA without NVGRE. */
function rewrittenFor(vm: VmPlace, payload: Payload): Uint8Array {
  return ethernet({
    source: GATEWAY_MAC,
    destination: underlayMac(vm.providerAddress),
    payload,
  });
}

type Ends = Readonly<Record<'from' | 'to', string>> & { readonly hopLimit?: number };

const CUSTOMERS: Ends = { from: blue1.address, to: blue2.address };
/** The gateway routes: one hop. */
const PROVIDERS: Ends = {
  ...{ from: blue1.providerAddress, to: blue2.providerAddress, hopLimit: 63 },
};
const reversed = ({ from, to }: Ends): Ends => ({ from: to, to: from });

const data = Uint8Array.from({ length: 700 }, (_, index) => index % 251);

const withoutChecksum = (payload: Payload): Payload => {
  payload.bytes.fill(0, 26, 28);
  return payload;
};

/** A fragment of the packet, its bytes as they would be in it. */
const fragment = (payload: Payload, word: number, from: number, to: number): Payload => {
  const bytes = new Uint8Array(20 + to - from);
  bytes.set(payload.bytes.subarray(0, 20));
  bytes.set(payload.bytes.subarray(20 + from, 20 + to), 20);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, bytes.byteLength);
  view.setUint16(6, word);
  repairIpv4Checksum(bytes, 0);
  return { ...payload, bytes };
};

const error = (about: (ends: Ends) => Payload, length: number) => (ends: Ends) =>
  icmpUnreachable({ ...ends, code: 3, returned: about(reversed(ends)).bytes.subarray(0, length) });

/** What is made with PAs is what has to come of the same with CAs: checksums are made, not changed. */
const PACKETS: readonly [name: string, make: (ends: Ends) => Payload][] = [
  ['UDP', (ends) => udp({ ...ends, data })],
  ['UDP without a checksum', (ends) => withoutChecksum(udp({ ...ends, data }))],
  ['TCP', (ends) => tcp({ ...ends, data })],
  ['ICMP', (ends) => icmp({ ...ends, sequence: 7 })],
  ['the first fragment', (ends) => fragment(udp({ ...ends, data }), 0x2000, 0, 400)],
  ['a later fragment', (ends) => fragment(udp({ ...ends, data }), 50, 400, 708)],
  ['an ICMP error about UDP', error((ends) => udp({ ...ends, data }), 548)],
  ['one with the least that is returned', error((ends) => tcp({ ...ends, data }), 28)],
  ['an ICMP error about TCP', error((ends) => tcp({ ...ends, data }), 100)],
  ['an ICMP error about ICMP', error((ends) => icmp(ends), 36)],
];

const otherProtocol = (payload: Payload, protocol: number): Payload => {
  payload.bytes[9] = protocol;
  repairIpv4Checksum(payload.bytes, 0);
  return payload;
};

/** Their receiver could not find out what they are. */
const ENCAPSULATED: readonly [name: string, make: (ends: Ends) => Payload][] = [
  ['GRE of the VM', (ends) => otherProtocol(udp({ ...ends, data }), IpProtocol.gre)],
  [
    'an ICMP error about what was encapsulated',
    error((ends) => udp({ ...ends, to: blue3.address }), 28),
  ],
];

describe('N13: VM to VM through the gateway, between two records of rule nat', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    const providerAddresses = [blue1.providerAddress, blue2.providerAddress];
    const witness = { vm: blue1, outside: EXTERNAL.physicalHost };
    hosts = await createRawHosts({ policy: policy(), providerAddresses, witness });
  });

  afterAll(() => hosts.remove());

  beforeEach(() => hosts.counted());

  it.each(PACKETS)('%s comes in NVGRE and goes on without it', async (_, make) => {
    const sent = await hosts.pass({ underlay: [fromVm(blue1, make(CUSTOMERS))] });
    expect(hexOf(sent)).toEqual(hexOf({ underlay: [rewrittenFor(blue2, make(PROVIDERS))] }));
    expect(await hosts.counted()).toEqual({ 'rewritten 5001': 1 });
  });

  it.each(ENCAPSULATED)('%s stays in NVGRE', async (_, make) => {
    const { underlay } = await hosts.pass({ underlay: [fromVm(blue1, make(CUSTOMERS))] });
    expect(underlay.map(vsidOf)).toEqual([blue2.vsid]);
    expect(hex(innerPacket(underlay[0]))).toBe(hex(make({ ...CUSTOMERS, hopLimit: 63 }).bytes));
    expect(await hosts.counted()).toEqual({ 'hairpinned 5001': 1 });
  });

  it.each([
    ['to a record of rule encap', blue1, blue3],
    ['from a record of rule encap', blue3, blue2],
  ])('stays in NVGRE %s', async (_, from, to) => {
    const packet = { from: from.address, to: to.address, data };
    const sent = await hosts.pass({ underlay: [fromVm(from, udp(packet))] });
    const delivered = toVm(to, udp({ ...packet, hopLimit: 63 }));
    expect(hexOf(sent)).toEqual(hexOf({ underlay: [delivered] }));
  });

  it('stays in NVGRE from the outside world', async () => {
    const packet = { from: EXTERNAL.physicalHost, to: blue2.address, data };
    const sent = await hosts.pass({ external: [fromOutside(udp(packet))] });
    const flowId = flowIdOf(sent.underlay[0]);
    const delivered = toVm(blue2, udp({ ...packet, hopLimit: 62 }), { flowId });
    expect(hexOf(sent)).toEqual(hexOf({ underlay: [delivered] }));
  });

  it('is answered in NVGRE by the gateway, which has no such record, when the TTL is used up', async () => {
    const last = udp({ ...CUSTOMERS, hopLimit: 1, data });
    const { underlay } = await hosts.pass({ underlay: [fromVm(blue1, last)] });
    expect(underlay.map(vsidOf)).toEqual([blue1.vsid]);
    expect(innerPacket(underlay[0])[20]).toBe(11);
  });

  it('stays in NVGRE where it comes out of the routing domain, of whomever it is', async () => {
    const payload = udp({ ...CUSTOMERS, hopLimit: 63, data });
    const frame = ethernet({ payload });
    const sent = await hosts.pass({}, { routingDomain: TENANTS.blue.routingDomain, frame });
    const flowId = flowIdOf(sent.underlay[0]);
    expect(hexOf(sent)).toEqual(hexOf({ underlay: [toVm(blue2, payload, { flowId })] }));
  });

  it('takes nothing without NVGRE for a VM elsewhere', async () => {
    const payload = udp({ from: blue2.providerAddress, to: blue1.providerAddress, data });
    const misled = between(underlayMac(blue2.providerAddress), GATEWAY_MAC, ethernet({ payload }));
    expect(hexOf(await hosts.pass({ underlay: [misled] }))).toEqual(hexOf({}));
    expect(await hosts.counted()).toEqual({});
  });
});

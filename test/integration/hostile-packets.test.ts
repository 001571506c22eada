import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../../provider/schemas.js';
import type { DropReason } from '../../src/forwarding/verdict.js';
import { loadPacketFixtures, type PacketFixture } from '../support/packet-fixtures.js';
import { createRawHosts, type Counted, type RawHosts } from '../support/raw-host.js';
import { hexOf, type VmPlace } from '../support/raw-host-frames.js';

const OUTSIDE = '198.51.100.9';

/** Whose traffic goes on. */
const VM: VmPlace = {
  ...{ vsid: 5001, address: '192.168.1.101', address6: '2001:db8:1::101' },
  ...{ mac: '00-15-5D-01-14-04', providerAddress: '10.1.1.20' },
  ...{ gateway: '192.168.1.1', gateway6: '2001:db8:1::1', gatewayMac: '02-00-00-00-50-01' },
};

/** What test/fixtures/packets/tables.json says, as a controller would push it. */
const POLICY: PolicyDocument = {
  apiVersion: 'nvgate/v1',
  providerAddresses: [
    { address: '10.1.1.40', prefixLength: 24 },
    { address: '10.1.1.41', prefixLength: 24 },
  ],
  routingDomains: [
    {
      id: '11111111-2222-3333-4444-000000005001',
      providerAddress: '10.1.1.40',
      virtualSubnets: [
        subnet(5001, ['192.168.1.0/24', '2001:db8:1::/64'], '02-00-00-00-50-01'),
        subnet(5002, ['192.168.2.0/24', '2001:db8:2::/64'], '02-00-00-00-50-02'),
      ],
      lookupRecords: [
        record(5001, '192.168.1.101', '00-15-5D-01-14-04', '10.1.1.20'),
        record(5001, '2001:db8:1::101', '00-15-5D-01-14-04', '10.1.1.20'),
        record(5001, '192.168.1.107', '00-15-5D-01-17-07', '10.1.1.23'),
        record(5002, '192.168.2.102', '00-15-5D-01-15-05', '10.1.1.21'),
        record(5002, '2001:db8:2::102', '00-15-5D-01-15-05', '10.1.1.21'),
        { ...record(5001, '192.168.1.110', '00-15-5D-01-16-10', '10.1.1.61'), rule: 'nat' },
        { ...record(5002, '192.168.2.111', '00-15-5D-01-16-11', '10.1.1.62'), rule: 'nat' },
        { ...record(5001, '192.168.1.251', '02-00-00-00-50-01', '10.1.1.41'), rule: 'nat' },
        record(5002, '192.168.2.250', '00-15-5D-14-3C-02', '10.1.1.40'),
        {
          ...record(5002, '0.0.0.0', '00-15-5D-01-16-06', '10.1.1.22'),
          type: 'gatewayWildcard',
        },
      ],
      customerRoutes: [
        { vsid: 5001, destinationPrefix: '10.20.0.0/16', nextHop: '192.168.1.107' },
        { vsid: 5001, destinationPrefix: '224.0.0.0/4', nextHop: '239.0.1.1' },
      ],
      connections: [
        { id: 'corp', type: 'routed', routes: [{ destinationPrefix: '198.51.100.0/24' }] },
      ],
    },
    {
      id: '11111111-2222-3333-4444-000000006001',
      virtualSubnets: [subnet(6001, ['192.168.1.0/24'], '02-00-00-00-60-01')],
      lookupRecords: [
        record(6001, '192.168.1.101', '00-15-5D-02-14-04', '10.1.1.20'),
        { ...record(6001, '192.168.1.110', '00-15-5D-02-16-10', '10.1.1.63'), rule: 'nat' },
      ],
      connections: [{ id: 'internet', type: 'nat', externalAddress: '203.0.113.10' }],
    },
  ],
};

function subnet(vsid: number, prefixes: string[], macAddress: string) {
  return { vsid, prefixes, gateway: { macAddress } };
}

function record(
  vsid: number,
  customerAddress: string,
  macAddress: string,
  providerAddress: string,
) {
  return { vsid, customerAddress, macAddress, providerAddress };
}

const fixtures = loadPacketFixtures().decap;
const dropped = fixtures.filter(({ expect: { kind } }) => kind === 'dropped');

function countersOf(packets: readonly PacketFixture[]): Counted {
  const counted: Record<string, number> = {};
  for (const { expect: expected } of packets) {
    if (expected.kind !== 'dropped') continue;
    const key = `${expected.reason} ${expected.vsid}`;
    counted[key] = (counted[key] ?? 0) + 1;
  }
  return counted;
}

function byReason(): { reason: DropReason; names: string; packets: PacketFixture[] }[] {
  const groups = new Map<DropReason, PacketFixture[]>();
  for (const fixture of dropped)
    if (fixture.expect.kind === 'dropped')
      groups.set(fixture.expect.reason, [...(groups.get(fixture.expect.reason) ?? []), fixture]);
  return [...groups].map(([reason, packets]) => ({
    reason,
    names: packets.map(({ name }) => name).join(', '),
    packets,
  }));
}

/*
 * Each packet is sent for real. That nothing comes of it while the traffic of others goes on is
 * what `pass` shows by itself.
 */
describe('hostile packets on the underlay', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: POLICY, witness: { vm: VM, outside: OUTSIDE } });
    await hosts.counted();
  });

  afterAll(() => hosts.remove());

  it.each(byReason())('are counted as $reason: $names', async ({ packets }) => {
    const out = await hosts.pass({ underlay: packets.map(({ frame }) => frame) });
    expect(hexOf(out)).toEqual(hexOf({}));
    expect(await hosts.counted()).toEqual(countersOf(packets));
  });

  it('are all counted when they come together, again and again', async () => {
    const rounds = 20;
    for (let round = 0; round < rounds; round += 1) {
      const out = await hosts.pass({ underlay: dropped.map(({ frame }) => frame) });
      expect(hexOf(out)).toEqual(hexOf({}));
    }
    expect(await hosts.counted()).toEqual(
      Object.fromEntries(
        Object.entries(countersOf(dropped)).map(([key, packets]) => [key, packets * rounds]),
      ),
    );
  });

  it('are left to the kernel, uncounted, when they are no NVGRE for the gateway', async () => {
    const passed = fixtures.filter(({ expect: { kind } }) => kind === 'pass');
    // A device sends no frame without a whole Ethernet header.
    const frames = passed.map(({ frame }) => frame).filter(({ byteLength }) => byteLength >= 14);
    const out = await hosts.pass({ underlay: frames });
    expect(out.external).toEqual([]);
    expect(out.underlay.filter((frame) => frame[23] === 47)).toEqual([]);
    expect(await hosts.counted()).toEqual({});
  });
});

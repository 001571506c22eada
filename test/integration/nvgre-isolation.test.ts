import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolicyDocument, RoutingDomainDocument } from '../../provider/schemas.js';
import { FAMILIES, icmpKind } from '../support/families.js';
import { udp, type PortOptions } from '../support/packets.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import {
  addressesOf,
  EXTERNAL_HOPS,
  flowIdOf,
  fromOutside,
  fromVm,
  hexOf,
  innerPacket,
  toGateway,
  toOutside,
  toVm,
  vmPlace,
  vsidOf,
  type VmPlace,
} from '../support/raw-host-frames.js';
import { EXTERNAL, PROVIDER_ADDRESSES } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

/** Same CA, same MAC, same host; behind them the third VMs, which are equal as well. */
const [blue1, red1] = [vmPlace('blue1'), vmPlace('red1')];
const [blue3, red3] = [vmPlace('blue3'), vmPlace('red3')];

/** Only red has it. */
const red4: VmPlace = {
  ...red1,
  ...{ address: '192.168.1.104', address6: 'fd00:0:0:1::104', mac: '00-15-5D-01-14-04' },
};

/** A third tenant, whose addresses nobody else has and whose only host is the first one. */
const green1: VmPlace = {
  ...{ vsid: 7001, address: '10.7.0.7', gateway: '10.7.0.1' },
  ...{ address6: 'fd00:7::7', gateway6: 'fd00:7::1' },
  ...{ mac: '00-15-5D-07-07-07', gatewayMac: '10-10-10-10-07-01' },
  providerAddress: PROVIDER_ADDRESSES.host1,
};
const GREEN_NATS = { internet: '203.0.113.12', internet6: '2001:db8:113::12' };

const green: RoutingDomainDocument = {
  id: '11111111-2222-3333-4444-000000007001',
  virtualSubnets: [
    {
      vsid: green1.vsid,
      prefixes: ['10.7.0.0/24', 'fd00:7::/64'],
      gateway: { macAddress: green1.gatewayMac },
    },
  ],
  lookupRecords: recordsOf(green1),
  connections: Object.entries(GREEN_NATS).map(([id, externalAddress]) => ({
    ...{ id, type: 'nat', externalAddress },
  })),
};

function recordsOf({ vsid, address, address6, mac, providerAddress }: VmPlace) {
  return [address, address6].map((customerAddress) => ({
    ...{ vsid, customerAddress, macAddress: mac, providerAddress },
  }));
}

function policy(): PolicyDocument {
  const scene = scenePolicy({ ipv6: true });
  const [blue, red] = scene.routingDomains ?? [];
  if (blue === undefined || red === undefined) throw new Error('the scene has two tenants');
  const lookupRecords = [...(red.lookupRecords ?? []), ...recordsOf(red4)];
  return { ...scene, routingDomains: [blue, { ...red, lookupRecords }, green] };
}

describe('routing domains with equal addresses (N16)', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: policy() });
  });

  afterAll(() => hosts.remove());

  describe.each(FAMILIES)('$name', (family) => {
    const { pick } = family;
    const at = (vm: VmPlace): string => pick(vm.address, vm.address6);
    const outside = pick(EXTERNAL.physicalHost, EXTERNAL.physicalHost6);
    const router = pick(EXTERNAL.host, EXTERNAL.host6);
    const natAddress = pick(EXTERNAL.natAddress, EXTERNAL.natAddress6);

    describe('N5', () => {
      it('delivers the same packet of two tenants to each one’s own VM', async () => {
        const packet = { from: at(blue1), to: at(blue3) };
        const sent = [blue1, red1, red1, blue1].map((vm) => fromVm(vm, udp(packet)));
        expect(hexOf(await hosts.pass({ underlay: sent }))).toEqual(
          hexOf({
            underlay: [blue3, red3, red3, blue3].map((vm) =>
              toVm(vm, udp({ ...packet, hopLimit: 63 })),
            ),
          }),
        );
      });

      it('finds no VM that only the other tenant has', async () => {
        await hosts.counted();
        const packet = udp({ from: at(blue1), to: at(red4) });
        expect(hexOf(await hosts.pass({ underlay: [fromVm(blue1, packet)] }))).toEqual(hexOf({}));
        expect(await hosts.counted()).toEqual({ 'decapsulated 5001': 1, 'noRecord 5001': 1 });
      });

      it('lets both out, each by its own connection', async () => {
        const packet: PortOptions = { from: at(blue1), to: outside, fromPort: 41_001 };
        const out = await hosts.pass({
          underlay: [fromVm(blue1, udp(packet)), fromVm(red1, udp(packet))],
        });
        const hopLimit = 64 - EXTERNAL_HOPS;
        expect(hexOf(out)).toEqual(
          hexOf({
            external: [
              toOutside(udp({ ...packet, hopLimit })),
              toOutside(udp({ ...packet, from: natAddress, hopLimit })),
            ],
          }),
        );
      });

      it('lets nobody in but to the tenant whose address it is outside', async () => {
        const call = { from: router, fromPort: 42_001 };
        const answer: PortOptions = {
          ...{ from: outside, fromPort: 7, toPort: 41_002 },
          to: natAddress,
        };
        await hosts.pass({
          underlay: [
            fromVm(red1, udp({ from: at(red1), to: outside, fromPort: 41_002, toPort: 7 })),
          ],
        });
        const out = await hosts.pass({
          external: [
            fromOutside(udp({ ...call, to: at(blue1) })),
            fromOutside(udp(answer)),
            fromOutside(udp({ ...call, to: at(green1) })),
          ],
        });
        const hopLimit = 64 - EXTERNAL_HOPS;
        const [toBlue, toRed] = out.underlay.map((frame) => ({ flowId: flowIdOf(frame) }));
        expect(hexOf({ underlay: out.underlay })).toEqual(
          hexOf({
            underlay: [
              toVm(blue1, udp({ ...call, to: at(blue1), hopLimit }), toBlue),
              toVm(red1, udp({ ...answer, to: at(red1), hopLimit }), toRed),
            ],
          }),
        );
      });

      it('leads no tenant to the routed prefix of another', async () => {
        const packet = udp({ from: at(green1), to: at(blue1) });
        expect(hexOf(await hosts.pass({ underlay: [fromVm(green1, packet)] }))).toEqual(hexOf({}));
      });

      it('tells a tenant that calls the NAT address of another where nothing is published', async () => {
        const packet = udp({ from: at(green1), to: natAddress });
        const out = await hosts.pass({ underlay: [fromVm(green1, packet)] });
        expect(out.external).toEqual([]);
        expect(out.underlay).toHaveLength(1);
        expect(vsidOf(out.underlay[0])).toBe(green1.vsid);
        const answer = innerPacket(out.underlay[0]);
        expect(addressesOf(answer)).toEqual([natAddress, at(green1)]);
        expect(icmpKind(family, answer)).toBe(family.icmp.portUnreachable);
      });
    });

    describe('N12', () => {
      beforeAll(() => hosts.counted());

      const packet = udp({ from: at(blue1), to: at(blue3) });
      const tunnel = { vsid: 5001, innerDestination: blue1.gatewayMac, innerSource: blue1.mac };

      it.each([
        [
          'from a PA that nobody names',
          toGateway({ ...tunnel, from: '10.1.1.99', inner: packet }),
          'unknownPeer 5001',
        ],
        [
          'from a PA that only other tenants have',
          fromVm(
            { ...green1, providerAddress: PROVIDER_ADDRESSES.host2 },
            udp({ from: at(green1), to: outside }),
          ),
          'unknownPeer 7001',
        ],
        [
          'from another host of the tenant than the VM’s',
          toGateway({ ...tunnel, from: PROVIDER_ADDRESSES.host2, inner: packet }),
          'spoofedAddress 5001',
        ],
        [
          'in the name of another VM',
          fromVm(blue1, udp({ from: pick('192.168.1.102', 'fd00:0:0:1::102'), to: at(blue3) })),
          'spoofedAddress 5001',
        ],
        [
          'in the name of the gateway',
          fromVm(blue1, udp({ from: pick(blue1.gateway, blue1.gateway6), to: at(blue3) })),
          'spoofedAddress 5001',
        ],
        [
          'with an address of no VM',
          fromVm(blue1, udp({ from: pick('192.168.1.77', 'fd00:0:0:1::77'), to: at(blue3) })),
          'spoofedAddress 5001',
        ],
        [
          'with another MAC than the VM’s',
          fromVm(blue1, packet, { innerSource: '00-15-5D-01-14-99' }),
          'spoofedMac 5001',
        ],
      ])('drops a packet %s and counts it', async (_, frame, reason) => {
        expect(hexOf(await hosts.pass({ underlay: [frame] }))).toEqual(hexOf({}));
        expect(await hosts.counted()).toEqual({ [reason]: 1 });
      });
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolicyDocument, RoutingDomainDocument } from '../../provider/schemas.js';
import { FAMILIES } from '../support/families.js';
import { udp, type PortOptions } from '../support/packets.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import {
  EXTERNAL_HOPS,
  flowIdOf,
  fromOutside,
  fromVm,
  hexOf,
  toOutside,
  toVm,
  vmPlace,
  type VmPlace,
} from '../support/raw-host-frames.js';
import { EXTERNAL } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

const [blue1, blue3, red1] = [vmPlace('blue1'), vmPlace('blue3'), vmPlace('red1')];

/** Takes what has no record in the second subnet; here in the name of one address behind it. */
const wildcard: VmPlace = {
  ...blue3,
  ...{ address: '192.168.2.77', address6: 'fd00:0:0:2::77' },
  ...{ mac: '00-15-5D-02-16-06', providerAddress: '10.1.1.22' },
};

/** A VM of the first subnet that routes for 10.20.0.0/16 and fd00:20::/32. */
const router: VmPlace = {
  ...blue1,
  ...{ address: '192.168.1.105', address6: 'fd00:0:0:1::105' },
  ...{ mac: '00-15-5D-01-17-07', providerAddress: '10.1.1.23' },
};
/** In a tenant's own site, behind the router VM; and the same of red. */
const site: VmPlace = { ...router, address: '10.20.5.5', address6: 'fd00:20::5' };
const redSite: VmPlace = { ...site, vsid: red1.vsid };

function policy(): PolicyDocument {
  const scene = scenePolicy({ ipv6: true });
  const [blue, red] = scene.routingDomains ?? [];
  if (blue === undefined || red === undefined) throw new Error('the scene has two tenants');
  return {
    ...scene,
    routingDomains: [withRouter(withWildcard(blue), 5001), withRouter(red, 6001)],
  };
}

function withWildcard(domain: RoutingDomainDocument): RoutingDomainDocument {
  const record = {
    ...{ vsid: wildcard.vsid, macAddress: wildcard.mac },
    providerAddress: wildcard.providerAddress,
    type: 'gatewayWildcard' as const,
  };
  return {
    ...domain,
    lookupRecords: [
      ...(domain.lookupRecords ?? []),
      { ...record, customerAddress: '0.0.0.0' },
      { ...record, customerAddress: '::' },
    ],
  };
}

function withRouter(domain: RoutingDomainDocument, vsid: number): RoutingDomainDocument {
  const record = { vsid, macAddress: router.mac, providerAddress: router.providerAddress };
  return {
    ...domain,
    lookupRecords: [
      ...(domain.lookupRecords ?? []),
      { ...record, customerAddress: router.address },
      { ...record, customerAddress: router.address6 },
    ],
    customerRoutes: [
      ...(domain.customerRoutes ?? []),
      { vsid, destinationPrefix: '10.20.0.0/16', nextHop: router.address },
      { vsid, destinationPrefix: 'fd00:20::/32', nextHop: router.address6 },
    ],
  };
}

describe('next hops other than the record of the destination', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({
      policy: policy(),
      providerAddresses: [wildcard.providerAddress, router.providerAddress],
    });
  });

  afterAll(() => hosts.remove());

  /** What a VM sends, or the outside, comes out to `to`. */
  async function expectDelivery(
    sent: { readonly by: VmPlace | 'outside'; readonly packet: PortOptions },
    to: VmPlace,
  ): Promise<void> {
    const { by, packet } = sent;
    const out = await hosts.pass(
      by === 'outside'
        ? { external: [fromOutside(udp(packet))] }
        : { underlay: [fromVm(by, udp(packet))] },
    );
    const hopLimit = 64 - (by === 'outside' ? EXTERNAL_HOPS : 1);
    const flowId = flowIdOf(out.underlay[0]);
    expect(hexOf(out)).toEqual(
      hexOf({ underlay: [toVm(to, udp({ ...packet, hopLimit }), { flowId })] }),
    );
  }

  describe.each(FAMILIES)('$name (N16)', ({ pick }) => {
    const address = pick('address' as const, 'address6' as const);
    const outside = pick(EXTERNAL.physicalHost, EXTERNAL.physicalHost6);
    const toOutsideFrom = (vm: VmPlace): PortOptions => ({ from: vm[address], to: outside });

    describe('N14: gatewayWildcard', () => {
      it('gets what a VM sends to an address of the subnet without a record', () =>
        expectDelivery(
          { by: blue1, packet: { from: blue1[address], to: wildcard[address] } },
          wildcard,
        ));

      it('gets what the outside sends there', () =>
        expectDelivery(
          { by: 'outside', packet: { from: outside, to: wildcard[address] } },
          wildcard,
        ));

      it('does not get what has a record', () =>
        expectDelivery({ by: blue1, packet: { from: blue1[address], to: blue3[address] } }, blue3));

      it('may send from such an address, to a VM and to the outside', async () => {
        await expectDelivery(
          { by: wildcard, packet: { from: wildcard[address], to: blue1[address] } },
          blue1,
        );
        const packet = toOutsideFrom(wildcard);
        const out = await hosts.pass({ underlay: [fromVm(wildcard, udp(packet))] });
        const hopLimit = 64 - EXTERNAL_HOPS;
        expect(hexOf(out)).toEqual(hexOf({ external: [toOutside(udp({ ...packet, hopLimit }))] }));
      });

      it.each([
        ['another host', { ...wildcard, providerAddress: blue3.providerAddress }, 'spoofedAddress'],
        ['another MAC', { ...wildcard, mac: blue3.mac }, 'spoofedMac'],
        ['a VM’s record', { ...wildcard, [address]: blue3[address] }, 'spoofedAddress'],
      ])('and nobody else may: %s', async (_, impostor, reason) => {
        await hosts.counted();
        const frame = fromVm(impostor, udp(toOutsideFrom(impostor)));
        expect(hexOf(await hosts.pass({ underlay: [frame] }))).toEqual(hexOf({}));
        expect(await hosts.counted()).toEqual({ [`${reason} 5002`]: 1 });
      });
    });

    describe('N15: router VM', () => {
      it('gets what a VM sends to a network behind it', () =>
        expectDelivery({ by: blue1, packet: { from: blue1[address], to: site[address] } }, router));

      it('may send from there to a VM', () =>
        expectDelivery({ by: site, packet: { from: site[address], to: blue3[address] } }, blue3));

      it('may send from there to the outside', async () => {
        const packet = toOutsideFrom(site);
        const out = await hosts.pass({ underlay: [fromVm(site, udp(packet))] });
        const hopLimit = 64 - EXTERNAL_HOPS;
        expect(hexOf(out)).toEqual(hexOf({ external: [toOutside(udp({ ...packet, hopLimit }))] }));
      });

      it.each([
        ['another host', { ...site, providerAddress: blue1.providerAddress }, 'spoofedAddress'],
        ['another MAC', { ...site, mac: blue1.mac }, 'spoofedMac'],
      ])('and nobody else may: %s', async (_, impostor, reason) => {
        await hosts.counted();
        const frame = fromVm(impostor, udp(toOutsideFrom(impostor)));
        expect(hexOf(await hosts.pass({ underlay: [frame] }))).toEqual(hexOf({}));
        expect(await hosts.counted()).toEqual({ [`${reason} 5001`]: 1 });
      });
    });

    it('N15: a network behind the router VM calls out by NAT and is answered', async () => {
      const far = pick(EXTERNAL.host, EXTERNAL.host6);
      const natAddress = pick(EXTERNAL.natAddress, EXTERNAL.natAddress6);
      const call = { from: redSite[address], to: far, fromPort: 43_001, toPort: 7 };
      const translated = { ...call, from: natAddress, hopLimit: 64 - EXTERNAL_HOPS };
      const out = await hosts.pass({ underlay: [fromVm(redSite, udp(call))] });
      expect(hexOf(out)).toEqual(hexOf({ external: [toOutside(udp(translated))] }));

      const answer = { from: far, to: natAddress, fromPort: 7, toPort: 43_001 };
      const back = await hosts.pass({ external: [fromOutside(udp(answer))] });
      const flowId = flowIdOf(back.underlay[0]);
      const delivered = udp({ ...answer, to: redSite[address], hopLimit: 64 - EXTERNAL_HOPS });
      expect(hexOf(back)).toEqual(hexOf({ underlay: [toVm(redSite, delivered, { flowId })] }));
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { udp } from '../support/packets.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import { fromOutside, fromVm, hexOf, vmPlace } from '../support/raw-host-frames.js';
import { EXTERNAL, PROVIDER_ADDRESSES } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

const GRE = 47;
const red1 = vmPlace('red1');

/** The PAs belong to the data centre: no tenant and nobody outside reaches one by routing (N5). */
describe('N5: the provider network', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: scenePolicy({ ipv6: true }) });
  });

  afterAll(() => hosts.remove());

  it('is out of reach of a VM whose default route is a NAT connection', async () => {
    const packet = udp({ from: red1.address, to: PROVIDER_ADDRESSES.host1 });
    const { underlay } = await hosts.pass({ underlay: [fromVm(red1, packet)] });
    expect(hexOf({ underlay: underlay.filter((frame) => frame[23] !== GRE) })).toEqual(hexOf({}));
  });

  it('does not answer a tenant: not by the PA, not by the gateway’s own external addresses', async () => {
    for (const to of [PROVIDER_ADDRESSES.gateway, EXTERNAL.gateway, EXTERNAL.gateway6]) {
      const from = to.includes(':') ? red1.address6 : red1.address;
      const packet = udp({ from, to, toPort: 9 });
      const { underlay, external } = await hosts.pass({ underlay: [fromVm(red1, packet)] });
      expect(hexOf({ underlay, external }), to).toEqual(hexOf({}));
    }
  });

  it('is out of reach of the outside', async () => {
    const packet = udp({ from: EXTERNAL.host, to: PROVIDER_ADDRESSES.host1 });
    const { underlay } = await hosts.pass({ external: [fromOutside(packet)] });
    expect(hexOf({ underlay })).toEqual(hexOf({}));
  });
});

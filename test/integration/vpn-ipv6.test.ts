import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capture } from '../support/capture.js';
import { FAMILIES, IPV6, type Family } from '../support/families.js';
import { ip, setSysctls } from '../support/namespace.js';
import type { Office } from '../support/office.js';
import { expectAnswers, ping } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { transfer } from '../support/tcp-transfer.js';
import { createVpnLab, expectGateway, ikev2, reaches, type VpnLab } from '../support/vpn-lab.js';

const PSK = { method: 'psk', secret: 'both of them' } as const;
/** Of the office, beside its IPv4 network. */
const OFFICE6 = { prefix: 'fd00:0:101::/64', router: 'fd00:0:101::1', host: 'fd00:0:101::10' };

/** The tunnels themselves are over IPv4; what is in them differs. */
describe('IPv6 through tunnels (G3, N16)', () => {
  let lab: VpnLab;
  let office: Office;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1' }, {}, { ipv6: true });
    office = await lab.addOffice({ label: 'office', lan: '192.168.101' });
    await ip(office.namespace, `address add ${OFFICE6.router}/64 dev lan`);
    await setSysctls(office.namespace, { 'net/ipv6/conf/all/forwarding': '1' });
    await ip(
      office.host,
      `address add ${OFFICE6.host}/64 dev eth0`,
      `route add default via ${OFFICE6.router}`,
    );
    await office.charon.start();
  });

  afterAll(cleanUp);

  const vmOf = ({ pick }: Family) => {
    const tenant = lab.tenants.tenant('blue');
    return { vm: tenant.vm, ...pick(tenant, tenant.ipv6) };
  };
  const officePrefix = ({ pick }: Family): string => pick(office.prefix, OFFICE6.prefix);
  const hostAddress = ({ pick }: Family): string => pick(office.hostAddress, OFFICE6.host);

  describe.each<{ name: string; families: readonly Family[]; policyBased: boolean }>([
    { name: 'route-based, IPv6 only', families: [IPV6], policyBased: false },
    { name: 'route-based, both families', families: FAMILIES, policyBased: false },
    { name: 'policy-based, both families', families: FAMILIES, policyBased: true },
  ])('$name', ({ families, policyBased }) => {
    beforeAll(async () => {
      await lab.push({ blue: [] });
      const local = families.map((family) => vmOf(family).prefix);
      const remote = families.map(officePrefix);
      await expectGateway(office, PSK, { localSelectors: remote, remoteSelectors: local });
      await lab.push({
        blue: [
          ikev2(office, PSK, {
            routes: remote.map((destinationPrefix) => ({ destinationPrefix, metric: 10 })),
            ...(policyBased ? { trafficSelectors: { local, remote } } : {}),
          }),
        ],
      });
      await lab.tunnel('blue').connected();
    });

    test('both ends agree on the families', async () => {
      const [child] = (await office.charon.sas())[0]?.children ?? [];
      expect(child?.localSelectors.toSorted()).toEqual(families.map(officePrefix).toSorted());
      const prefixes = families.map((family) => vmOf(family).prefix);
      expect(child?.remoteSelectors.toSorted()).toEqual(prefixes.toSorted());
    });

    test.each(families)('$name: ping, both ways, and nothing of it in clear', async (family) => {
      const { vm, customerAddress } = vmOf(family);
      const clear = await capture(lab.internet, 'office', family.icmpFilter);
      await reaches(vm, hostAddress(family));
      await expectAnswers(vm, hostAddress(family));
      await expectAnswers(office.host, customerAddress);
      expect(await clear.stop()).toEqual([]);
    });

    test.each(families)('$name: TCP, both ways at once', async (family) => {
      const { vm, customerAddress } = vmOf(family);
      const { client, server } = await transfer({
        ...{ client: office.host, address: customerAddress, port: 9000 },
        ...{ server: vm, bytes: 1 << 20, content: family.name },
      });
      expect([client.received, server.received]).toEqual([server.sent, client.sent]);
    });

    test.each(families)(
      '$name: a packet that the tunnel cannot hold is too big, the largest that fits passes',
      async (family) => {
        const { vm, gateway } = vmOf(family);
        const headers = family.header + 8;
        // What TCP has learned of the path goes with the route.
        await ip(vm, `route del default via ${gateway}`, `route add default via ${gateway}`);
        const tooBig = await ping(vm, hostAddress(family), {
          ...{ count: 1, payloadBytes: 1458 - headers, dontFragment: true },
        });
        expect(tooBig).toMatchObject({ received: 0, errors: [{ from: gateway }] });
        const { mtu = 0 } = tooBig;
        expect(mtu).toBeGreaterThanOrEqual(1280);
        expect(mtu).toBeLessThan(1458);
        await expectAnswers(vm, hostAddress(family), {
          ...{ payloadBytes: mtu - headers, dontFragment: true },
        });
      },
    );
  });

  test('a family that the tunnel does not lead to stays out of it', async () => {
    const [ipv4] = FAMILIES;
    await expectGateway(office, PSK, {
      ...{ localSelectors: [OFFICE6.prefix], remoteSelectors: [vmOf(IPV6).prefix] },
    });
    await lab.push({
      blue: [ikev2(office, PSK, { routes: [{ destinationPrefix: OFFICE6.prefix, metric: 10 }] })],
    });
    await lab.tunnel('blue').connected();
    await reaches(vmOf(IPV6).vm, OFFICE6.host);
    const { received } = await ping(vmOf(ipv4).vm, hostAddress(ipv4), { count: 1, wait: 0.5 });
    expect(received).toBe(0);
  });
});

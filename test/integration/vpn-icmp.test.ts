import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capture } from '../support/capture.js';
import { exchange } from '../support/host-echo.js';
import { ip, setSysctls } from '../support/namespace.js';
import type { Office } from '../support/office.js';
import { expectAnswers, ping } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { transfer } from '../support/tcp-transfer.js';
import { createVpnLab, expectGateway, ikev2, reaches, type VpnLab } from '../support/vpn-lab.js';

const PSK = { method: 'psk', secret: 'errors too' } as const;
const VM_ADDRESS = '192.168.1.101';
/** Behind the host of the office: one without a way to it, one at the end of a narrow link. */
const NOWHERE = '192.168.101.200';
const NARROW = '192.168.101.201';
const NARROW_MTU = 1000;
/** Bytes of IPv4 and ICMP header before the payload of an echo request. */
const HEADERS = 28;

/** The host of the office is a router too, for the upper part of the office network. */
describe('ICMP errors pass through the tunnel (G3)', () => {
  let lab: VpnLab;
  let office: Office;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1' });
    office = await lab.addOffice({ label: 'office', lan: '192.168.101' });
    await ip(office.namespace, `route add 192.168.101.192/26 via ${office.hostAddress}`);
    await setSysctls(office.host, { 'net/ipv4/ip_forward': '1' });
    await ip(
      office.host,
      'link add name narrow type veth peer name end',
      'link set narrow up',
      `route add unreachable ${NOWHERE}/32`,
      `route add ${NARROW}/32 dev narrow mtu lock ${NARROW_MTU}`,
    );
    await expectGateway(office, PSK);
    await office.charon.start();
    await lab.push({ blue: [ikev2(office, PSK)] });
    await lab.tunnel('blue').connected();
    await reaches(vm(), office.hostAddress);
  });

  afterAll(cleanUp);

  const vm = () => lab.tenants.tenant('blue').vm;

  test('a router behind the tunnel says that a packet is too big, and the VM hears its MTU', async () => {
    const { errors, mtu } = await ping(vm(), NARROW, {
      ...{ count: 1, payloadBytes: 1200, dontFragment: true },
    });
    expect(errors).toMatchObject([{ from: office.hostAddress }]);
    expect(mtu).toBe(NARROW_MTU);
  });

  test('a router behind the tunnel says that there is no way', async () => {
    const { errors } = await ping(vm(), NOWHERE, { count: 1 });
    expect(errors).toEqual([{ from: office.hostAddress, message: 'Destination Host Unreachable' }]);
  });

  test('a packet that the tunnel cannot hold is too big, and the largest that fits passes', async () => {
    const tooBig = await ping(vm(), office.hostAddress, {
      ...{ count: 1, payloadBytes: 1458 - HEADERS, dontFragment: true },
    });
    expect(tooBig).toMatchObject({
      ...{ received: 0, errors: [{ from: lab.tenants.tenant('blue').gateway }] },
    });
    const { mtu = 0 } = tooBig;
    expect(mtu).toBeGreaterThanOrEqual(1280);
    expect(mtu).toBeLessThan(1458);
    const outside = await capture(lab.internet, 'office', 'ip[6:2] & 0x3fff != 0');
    await expectAnswers(vm(), office.hostAddress, {
      ...{ payloadBytes: mtu - HEADERS, dontFragment: true },
    });
    // Nobody on the way had to cut it.
    expect(await outside.stop()).toEqual([]);
  });

  test('a datagram that nobody wants, either way', async () => {
    for (const [from, target, other] of [
      [vm(), office.hostAddress, VM_ADDRESS],
      [office.host, VM_ADDRESS, office.hostAddress],
    ] as const) {
      const unreachable = await capture(
        ...([from, 'eth0', 'icmp[0] == 3 and icmp[1] == 3'] as const),
        { direction: 'in' },
      );
      const call = { transport: 'udp', address: target, port: 4444, timeout: 500 } as const;
      await expect(exchange(from, call)).rejects.toThrow();
      const [packet] = await unreachable.waitFor(1);
      await unreachable.stop();
      const address = (offset: number): string =>
        Array.from(packet?.bytes.subarray(offset, offset + 4) ?? []).join('.');
      // Source of the error, then source and destination of the datagram in it.
      expect([address(26), address(54), address(58)]).toEqual([target, other, target]);
    }
  });

  test('traceroute shows the gateway, the router of the office, the host', async () => {
    const hop = async (ttl: number): Promise<string | undefined> =>
      (await ping(vm(), office.hostAddress, { count: 1, ttl })).errors[0]?.from;
    expect(await hop(1)).toBe(lab.tenants.tenant('blue').gateway);
    expect(await hop(2)).toBe(office.routerAddress);
    expect(await ping(vm(), office.hostAddress, { count: 1, ttl: 3 })).toMatchObject({
      received: 1,
    });
  });

  test('TCP fits its segments to the tunnel without a lost packet', async () => {
    const fragments = await capture(lab.internet, 'office', 'ip[6:2] & 0x3fff != 0');
    const { client, server } = await transfer({
      ...{ client: office.host, address: VM_ADDRESS, port: 9000 },
      ...{ server: vm(), bytes: 1 << 20, content: 'segments' },
    });
    expect([client.received, server.received]).toEqual([server.sent, client.sent]);
    expect(await fragments.stop()).toEqual([]);
  });
});

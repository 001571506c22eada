import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchange, startEcho } from '../support/host-echo.js';
import { ip, type Namespace } from '../support/namespace.js';
import { ping } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { createTenantLab, type TenantLab } from '../support/tenant-lab.js';

const PORT = 7000;
const TRANSPORTS = ['tcp', 'udp'] as const;

/**
 * Blue and cyan are routed to the physical network on `external`, green to the one on `dmz`; pink,
 * with blue's addresses, has no connection.
 */
describe('routed connections (G1)', () => {
  let lab: TenantLab;

  beforeAll(async () => {
    lab = await createTenantLab({
      blue: '192.168.1',
      cyan: '192.168.2',
      green: '192.168.9',
      pink: '192.168.1',
    });
    const corp = (device: string, ...prefixes: string[]) => ({
      ...{ id: 'corp', type: 'routed' as const, interface: device },
      routes: prefixes.map((destinationPrefix) => ({ destinationPrefix, metric: 10 })),
    });
    const policy = lab.policy({
      blue: [corp('external', '203.0.113.0/24', '192.168.101.0/24')],
      cyan: [corp('external', '0.0.0.0/0')],
      green: [corp('dmz', '198.51.100.0/24', '192.168.102.0/24')],
      pink: [],
    });
    await lab.gateway.start();
    await lab.gateway.apply(policy);
    await lab.host.warm('10.1.1.40');
    const { external, dmz } = lab;
    // Both physical networks would send anything to the gateway: what it takes is its own doing.
    for (const { host, gatewayAddress } of [external, dmz])
      await ip(
        host,
        ...[1, 2, 9].map((third) => `route add 192.168.${third}.0/24 via ${gatewayAddress}`),
      );
    for (const { host, remoteAddress } of [external, dmz])
      await startEcho(host, remoteAddress, PORT);
    for (const name of ['blue', 'cyan', 'green', 'pink']) {
      const { vm, customerAddress } = lab.tenant(name);
      await startEcho(vm, customerAddress, PORT);
    }
  });

  afterAll(cleanUp);

  const unanswered = async (from: Namespace, address: string): Promise<void> => {
    expect((await ping(from, address, { count: 2, wait: 0.5 })).received).toBe(0);
    for (const transport of TRANSPORTS)
      await expect(
        exchange(from, { transport, address, port: PORT, timeout: 500 }),
      ).rejects.toThrow();
  };

  describe.each(TRANSPORTS)('%s', (transport) => {
    test('out: the physical host sees the customer address', async () => {
      const { vm, customerAddress } = lab.tenant('blue');
      const address = lab.external.remoteAddress;
      const echo = await exchange(vm, { transport, address, port: PORT });
      expect(echo.from.address).toBe(customerAddress);
    });

    test('in: the VM sees the physical host’s address', async () => {
      const { customerAddress: address } = lab.tenant('blue');
      const echo = await exchange(lab.external.host, { transport, address, port: PORT });
      expect(echo).toMatchObject({ from: { address: lab.external.address }, to: { address } });
    });

    test('both ways by another external device', async () => {
      const { vm, customerAddress } = lab.tenant('green');
      const { host, address, remoteAddress } = lab.dmz;
      const out = await exchange(vm, { transport, address: remoteAddress, port: PORT });
      expect(out.from.address).toBe(customerAddress);
      const back = await exchange(host, { transport, address: customerAddress, port: PORT });
      expect(back.from.address).toBe(address);
    });
  });

  test('ping, both ways', async () => {
    const blue = lab.tenant('blue');
    const { host, remoteAddress } = lab.external;
    expect(await ping(blue.vm, remoteAddress)).toMatchObject({ received: 3, errors: [] });
    expect(await ping(host, blue.customerAddress)).toMatchObject({ received: 3, errors: [] });
  });

  test('what no route of the connection leads to is not reached', async () => {
    await unanswered(lab.tenant('blue').vm, lab.dmz.remoteAddress);
    await unanswered(lab.tenant('green').vm, lab.external.remoteAddress);
  });

  test('routed VM networks do not reach each other (N5)', async () => {
    await unanswered(lab.tenant('cyan').vm, lab.tenant('blue').customerAddress);
    await unanswered(lab.tenant('cyan').vm, lab.tenant('green').customerAddress);
    await unanswered(lab.tenant('blue').vm, lab.tenant('cyan').customerAddress);
  });

  test('a VM network without a connection reaches nobody, and nobody reaches it', async () => {
    await unanswered(lab.tenant('pink').vm, lab.external.remoteAddress);
    await unanswered(lab.tenant('pink').vm, lab.external.address);
  });
});

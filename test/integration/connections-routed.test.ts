import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAMILIES } from '../support/families.js';
import { exchange, startEcho } from '../support/host-echo.js';
import { ip, type Namespace } from '../support/namespace.js';
import { ping } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { createTenantLab, type TenantLab } from '../support/tenant-lab.js';

const PORT = 7000;
const TRANSPORTS = ['tcp', 'udp'] as const;
const NAMES = ['blue', 'cyan', 'green', 'pink'] as const;

/**
 * Blue and cyan are routed to the physical network on `external`, green to the one on `dmz`; pink,
 * with blue's addresses, has no connection. All of them are dual-stack.
 */
describe('routed connections (G1, N16)', () => {
  let lab: TenantLab;

  beforeAll(async () => {
    lab = await createTenantLab(
      { blue: '192.168.1', cyan: '192.168.2', green: '192.168.9', pink: '192.168.1' },
      {},
      { ipv6: true },
    );
    const corp = (device: string, ...prefixes: string[]) => ({
      ...{ id: 'corp', type: 'routed' as const, interface: device },
      routes: prefixes.map((destinationPrefix) => ({ destinationPrefix, metric: 10 })),
    });
    const { external, dmz } = lab;
    const allOf = ({ prefix, remotePrefix, ipv6 }: typeof external): string[] => [
      ...[prefix, remotePrefix, ipv6.prefix, ipv6.remotePrefix],
    ];
    const policy = lab.policy({
      blue: [corp('external', ...allOf(external))],
      cyan: [corp('external', ...FAMILIES.map(({ everything }) => everything))],
      green: [corp('dmz', ...allOf(dmz))],
      pink: [],
    });
    await lab.gateway.start();
    await lab.gateway.apply(policy);
    await lab.host.warm('10.1.1.40');
    const servers: Promise<unknown>[] = [];
    for (const { pick } of FAMILIES) {
      for (const physical of [external, dmz]) {
        const { gatewayAddress, remoteAddress } = pick(physical, physical.ipv6);
        // Both physical networks would send anything to the gateway: what it takes is its own doing.
        const prefixes = new Set(
          NAMES.map((name) => lab.tenant(name)).map((tenant) => pick(tenant, tenant.ipv6).prefix),
        );
        await ip(
          physical.host,
          ...[...prefixes].map((prefix) => `route add ${prefix} via ${gatewayAddress}`),
        );
        servers.push(startEcho(physical.host, remoteAddress, PORT));
      }
      for (const tenant of NAMES.map((name) => lab.tenant(name)))
        servers.push(startEcho(tenant.vm, pick(tenant, tenant.ipv6).customerAddress, PORT));
    }
    await Promise.all(servers);
  });

  afterAll(cleanUp);

  const unanswered = async (from: Namespace, ...addresses: readonly string[]): Promise<void> => {
    const calls = addresses.flatMap((address) => [
      ping(from, address, { count: 2, wait: 0.5 }).then(({ received }) => received === 0),
      ...TRANSPORTS.map((transport) =>
        exchange(from, { transport, address, port: PORT, timeout: 500 }).then(
          () => false,
          () => true,
        ),
      ),
    ]);
    expect(await Promise.all(calls)).toEqual(calls.map(() => true));
  };

  describe.each(FAMILIES)('$name', ({ pick }) => {
    const vmOf = (name: (typeof NAMES)[number]) => {
      const tenant = lab.tenant(name);
      return { vm: tenant.vm, ...pick(tenant, tenant.ipv6) };
    };
    const network = (device: 'external' | 'dmz') => ({
      host: lab[device].host,
      ...pick(lab[device], lab[device].ipv6),
    });

    describe.each(TRANSPORTS)('%s', (transport) => {
      test('out: the physical host sees the customer address', async () => {
        const { vm, customerAddress } = vmOf('blue');
        const address = network('external').remoteAddress;
        const echo = await exchange(vm, { transport, address, port: PORT });
        expect(echo.from.address).toBe(customerAddress);
      });

      test('in: the VM sees the physical host’s address', async () => {
        const { customerAddress: address } = vmOf('blue');
        const { host, address: from } = network('external');
        const echo = await exchange(host, { transport, address, port: PORT });
        expect(echo).toMatchObject({ from: { address: from }, to: { address } });
      });

      test('both ways by another external device', async () => {
        const { vm, customerAddress } = vmOf('green');
        const { host, address, remoteAddress } = network('dmz');
        const out = await exchange(vm, { transport, address: remoteAddress, port: PORT });
        expect(out.from.address).toBe(customerAddress);
        const back = await exchange(host, { transport, address: customerAddress, port: PORT });
        expect(back.from.address).toBe(address);
      });
    });

    test('ping, both ways', async () => {
      const { vm, customerAddress } = vmOf('blue');
      const { host, remoteAddress } = network('external');
      expect(await ping(vm, remoteAddress)).toMatchObject({ received: 3, errors: [] });
      expect(await ping(host, customerAddress)).toMatchObject({ received: 3, errors: [] });
    });

    test('what no route of the connection leads to is not reached', async () => {
      await unanswered(vmOf('blue').vm, network('dmz').remoteAddress);
      await unanswered(vmOf('green').vm, network('external').remoteAddress);
    });

    test('routed VM networks do not reach each other (N5)', async () => {
      await unanswered(
        ...([
          vmOf('cyan').vm,
          vmOf('blue').customerAddress,
          vmOf('green').customerAddress,
        ] as const),
      );
      await unanswered(vmOf('blue').vm, vmOf('cyan').customerAddress);
    });

    test('a VM network without a connection reaches nobody, and nobody reaches it', async () => {
      const { remoteAddress, address } = network('external');
      await unanswered(vmOf('pink').vm, remoteAddress, address);
    });
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionDocument } from '../../provider/schemas.js';
import { startFlow, startRepeater } from '../support/held-flow.js';
import { exchange, startEcho } from '../support/host-echo.js';
import { ip, ipJson, runIn, type Namespace } from '../support/namespace.js';
import { ping } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { createController, type Controller } from '../support/provider-client.js';
import { createTenantLab, type TenantLab } from '../support/tenant-lab.js';

const TRANSPORTS = ['tcp', 'udp'] as const;
const OUTSIDE_PORT = 7000;
const REPEATER_PORT = 9000;
const SHARED = '203.0.113.20';
const OWN = '203.0.113.10';
/** Echo server of each VM: its port tells whose it was that answered. */
const SERVERS = { cyan: 8001, pink: 8002, blue: 8003, red: 8004, green: 8005 } as const;
type Name = keyof typeof SERVERS;

/**
 * Cyan and pink share an external address, blue has its own, red and green are routed. All but
 * green have the same addresses (G7).
 */
describe('VM networks with equal addresses and mixed connections (G2, G7)', () => {
  let lab: TenantLab;
  let controller: Controller;

  beforeAll(async () => {
    lab = await createTenantLab({
      ...{ cyan: '192.168.1', pink: '192.168.1', blue: '192.168.1', red: '192.168.1' },
      green: '192.168.9',
    });
    const nat = (name: Name, externalAddress: string, port: number): ConnectionDocument => ({
      ...{ id: 'internet', type: 'nat', externalAddress },
      rules: TRANSPORTS.map((protocol) => ({
        ...{ name: protocol, protocol, externalPort: port, internalPort: SERVERS[name] },
        internalAddress: lab.tenant(name).customerAddress,
      })),
    });
    const routed: ConnectionDocument = {
      ...{ id: 'corp', type: 'routed' },
      routes: [{ destinationPrefix: '203.0.113.0/24' }],
    };
    await lab.gateway.start();
    await lab.gateway.apply(
      lab.policy({
        cyan: [nat('cyan', SHARED, 8080)],
        pink: [nat('pink', SHARED, 9090)],
        blue: [nat('blue', OWN, 8080)],
        red: [routed],
        green: [routed],
      }),
    );
    controller = createController(lab.namespace, lab.gateway);
    await lab.host.warm('10.1.1.40');
    const { host, address, gatewayAddress } = lab.external;
    await ip(
      host,
      `route add 192.168.1.0/24 via ${gatewayAddress}`,
      `route add 192.168.9.0/24 via ${gatewayAddress}`,
    );
    await startEcho(host, address, OUTSIDE_PORT);
    await startRepeater(host, address, REPEATER_PORT);
    for (const [name, port] of Object.entries(SERVERS)) {
      const { vm, customerAddress } = lab.tenant(name);
      await startEcho(vm, customerAddress, port);
    }
  });

  afterAll(cleanUp);

  const vm = (name: Name): Namespace => lab.tenant(name).vm;

  describe.each(TRANSPORTS)('%s', (transport) => {
    test('from one source port of two VMs with one address, each gets its own answer', async () => {
      const call = { transport, address: lab.external.address, port: OUTSIDE_PORT } as const;
      const seen = [];
      for (const name of ['cyan', 'pink'] as const) {
        const echo = await exchange(vm(name), { ...call, sourcePort: 5555, payload: name });
        expect(echo).toMatchObject({ from: { address: SHARED }, payload: name });
        seen.push(echo.from.port);
      }
      expect(seen[0]).not.toBe(seen[1]);
    });

    test('flows of both at the same time', async () => {
      const { address } = lab.external;
      const flows = [];
      for (const name of ['cyan', 'pink', 'cyan', 'pink'] as const)
        flows.push(await startFlow(vm(name), transport, address, REPEATER_PORT));
      for (const flow of flows) await flow.more(10);
      for (const flow of flows) await flow.stop();
    });

    test.each([
      ['cyan', SHARED, 8080],
      ['pink', SHARED, 9090],
      ['blue', OWN, 8080],
      ['red', '192.168.1.101', SERVERS.red],
      ['green', '192.168.9.101', SERVERS.green],
    ] as const)('in: %s is behind %s port %i', async (name, address, port) => {
      const echo = await exchange(lab.external.host, { transport, address, port });
      expect(echo).toMatchObject({
        from: { address: lab.external.address },
        to: { address: lab.tenant(name).customerAddress, port: SERVERS[name] },
      });
    });

    test.each([
      ['blue', OWN],
      ['red', '192.168.1.101'],
      ['green', '192.168.9.101'],
    ] as const)('out: of %s the physical host sees %s', async (name, seen) => {
      const { address } = lab.external;
      const echo = await exchange(vm(name), { transport, address, port: OUTSIDE_PORT });
      expect(echo.from.address).toBe(seen);
    });

    test.each([
      ['cyan', 'its own port', SHARED, 8080, SHARED, 'cyan'],
      ['cyan', 'the port of whom it shares with', SHARED, 9090, SHARED, 'pink'],
      ['cyan', 'a port of an own address', OWN, 8080, SHARED, 'blue'],
      ['blue', 'a port of a shared address', SHARED, 9090, OWN, 'pink'],
      ['blue', 'its own port', OWN, 8080, OWN, 'blue'],
      ['green', 'a port of an own address', OWN, 8080, '192.168.9.101', 'blue'],
      ['green', 'a port of a shared address', SHARED, 8080, '192.168.9.101', 'cyan'],
    ] as const)('hairpin: %s calls %s', async (name, _, address, port, seen, server) => {
      const echo = await exchange(vm(name), { transport, address, port });
      expect(echo).toMatchObject({ from: { address: seen }, to: { port: SERVERS[server] } });
    });

    test('a port of the shared address that nobody has published leads nowhere', async () => {
      const call = { transport, address: SHARED, port: SERVERS.cyan, timeout: 500 } as const;
      await expect(exchange(lab.external.host, call)).rejects.toThrow();
    });
  });

  test('both who share an address can ping', async () => {
    const { address } = lab.external;
    const results = await Promise.all([ping(vm('cyan'), address), ping(vm('pink'), address)]);
    for (const result of results) expect(result).toMatchObject({ received: 3, errors: [] });
  });

  test('the shared address answers ping, and its ARP is the gateway’s', async () => {
    const { host } = lab.external;
    await ip(host, 'neighbour flush dev eth0');
    expect(await ping(host, SHARED)).toMatchObject({ received: 3, errors: [] });
    const [known] = (await ipJson(host, 'neighbour', 'show', SHARED)) as { lladdr?: string }[];
    const [device] = (await ipJson(lab.namespace, 'link', 'show', 'external')) as {
      address: string;
    }[];
    expect(known?.lladdr).toBe(device?.address);
  });

  test('when one of two leaves a shared address, the other holds it alone', async () => {
    const { connections } = controller.client.routingDomain(lab.tenant('pink').routingDomain);
    await connections.delete('internet', { waitSeconds: 60 });
    const { host, address: outside } = lab.external;
    for (const transport of TRANSPORTS) {
      const call = { transport, address: SHARED, timeout: 500 } as const;
      const echo = await exchange(host, { ...call, timeout: 3_000, port: 8080 });
      expect(echo.to.port).toBe(SERVERS.cyan);
      await expect(exchange(host, { ...call, port: 9090 })).rejects.toThrow();
      const out = await exchange(vm('cyan'), { transport, address: outside, port: OUTSIDE_PORT });
      expect(out.from.address).toBe(SHARED);
    }
    expect((await ping(vm('pink'), outside, { count: 1, wait: 0.5 })).received).toBe(0);
  });

  test.each(['pink', 'cyan', 'blue', 'red', 'green'] as const)(
    'deleting the last connection of %s leaves nothing of it',
    async (name) => {
      const { connections } = controller.client.routingDomain(lab.tenant(name).routingDomain);
      for await (const { id } of connections.all())
        await connections.delete(id, { waitSeconds: 60 });

      const inside = lab.domainNamespace(name);
      const devices = (await ipJson(inside, 'link')) as { ifname: string }[];
      expect(devices.map(({ ifname }) => ifname).sort()).toEqual(['lo', 'vnet']);
      expect(await runIn(inside, 'nft', ['list', 'ruleset'])).toBe('');
      const routes = (await ipJson(inside, 'route')) as { dev?: string }[];
      expect(routes.filter(({ dev }) => dev !== 'vnet')).toEqual([]);
      expect((await ping(vm(name), lab.tenant(name).gateway)).received).toBe(3);
    },
  );

  test('with the last connection everything goes that served them together', async () => {
    const { namespace } = lab;
    expect(await runIn(namespace, 'nft', ['list', 'ruleset'])).toBe('');
    expect(await ipJson(namespace, 'neighbour', 'show', 'proxy')).toEqual([]);
    const routes = (await ipJson(namespace, 'route', 'show', 'proto', '76')) as unknown[];
    expect(routes).toEqual([]);
    const addresses = (await ipJson(namespace, 'address', 'show', 'external')) as {
      addr_info: { local: string; family: string }[];
    }[];
    expect(
      addresses[0]?.addr_info.filter(({ family }) => family === 'inet').map(({ local }) => local),
    ).toEqual([lab.external.gatewayAddress]);
  });
});

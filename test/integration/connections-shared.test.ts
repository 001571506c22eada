import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionDocument } from '../../provider/schemas.js';
import { FAMILIES, type Family } from '../support/families.js';
import { startFlow, startRepeater } from '../support/held-flow.js';
import { exchange, startEcho } from '../support/host-echo.js';
import { ip, ipJson, runIn } from '../support/namespace.js';
import { ping } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { createController, type Controller } from '../support/provider-client.js';
import { createTenantLab, type TenantLab } from '../support/tenant-lab.js';

const TRANSPORTS = ['tcp', 'udp'] as const;
const OUTSIDE_PORT = 7000;
const REPEATER_PORT = 9000;
/** Cyan and pink share one address, blue has its own, of each family. */
const EXTERNAL = {
  IPv4: { shared: '203.0.113.20', own: '203.0.113.10' },
  IPv6: { shared: '2001:db8:113::20', own: '2001:db8:113::10' },
} as const;
type ExternalName = keyof (typeof EXTERNAL)['IPv4'];
/** Echo server of each VM: its port tells whose it was that answered. */
const SERVERS = { cyan: 8001, pink: 8002, blue: 8003, red: 8004, green: 8005 } as const;
type Name = keyof typeof SERVERS;
const NAMES = Object.keys(SERVERS) as Name[];

/**
 * Cyan and pink share an external address, blue has its own, red and green are routed. All but
 * green have the same addresses (G7). All of that in both families.
 */
describe('VM networks with equal addresses and mixed connections (G2, G7, N16)', () => {
  let lab: TenantLab;
  let controller: Controller;

  const vmOf = ({ pick }: Family, name: Name) => {
    const tenant = lab.tenant(name);
    return { vm: tenant.vm, ...pick(tenant, tenant.ipv6) };
  };
  const outsideOf = ({ pick }: Family) => ({
    host: lab.external.host,
    ...pick(lab.external, lab.external.ipv6),
  });

  beforeAll(async () => {
    lab = await createTenantLab(
      {
        ...{ cyan: '192.168.1', pink: '192.168.1', blue: '192.168.1', red: '192.168.1' },
        green: '192.168.9',
      },
      {},
      { ipv6: true },
    );
    const nat = (name: Name, address: ExternalName, port: number): ConnectionDocument[] =>
      FAMILIES.map((family) => ({
        ...{ id: family.pick('internet', 'internet6'), type: 'nat' },
        externalAddress: EXTERNAL[family.name][address],
        rules: TRANSPORTS.map((protocol) => ({
          ...{ name: protocol, protocol, externalPort: port, internalPort: SERVERS[name] },
          internalAddress: vmOf(family, name).customerAddress,
        })),
      }));
    const routed: ConnectionDocument = {
      ...{ id: 'corp', type: 'routed' },
      routes: FAMILIES.map((family) => ({ destinationPrefix: outsideOf(family).prefix })),
    };
    await lab.gateway.start();
    await lab.gateway.apply(
      lab.policy({
        cyan: nat('cyan', 'shared', 8080),
        pink: nat('pink', 'shared', 9090),
        blue: nat('blue', 'own', 8080),
        red: [routed],
        green: [routed],
      }),
    );
    controller = createController(lab.namespace, lab.gateway);
    await lab.host.warm('10.1.1.40');
    const servers: Promise<unknown>[] = [];
    for (const family of FAMILIES) {
      const { host, address, gatewayAddress } = outsideOf(family);
      const [first, second] = [vmOf(family, 'red').prefix, vmOf(family, 'green').prefix];
      await ip(
        host,
        ...[first, second].map((prefix) => `route add ${prefix} via ${gatewayAddress}`),
      );
      servers.push(startEcho(host, address, OUTSIDE_PORT));
      servers.push(startRepeater(host, address, REPEATER_PORT));
      for (const name of NAMES) {
        const { vm, customerAddress } = vmOf(family, name);
        servers.push(startEcho(vm, customerAddress, SERVERS[name]));
      }
    }
    await Promise.all(servers);
  });

  afterAll(cleanUp);

  describe.each(FAMILIES)('$name', (family) => {
    const { shared, own } = EXTERNAL[family.name];
    /** An external address, or that of a VM. */
    const addressOf = (name: ExternalName | Name): string =>
      name === 'shared' ? shared : name === 'own' ? own : vmOf(family, name).customerAddress;

    describe.each(TRANSPORTS)('%s', (transport) => {
      test('from one source port of two VMs with one address, each gets its own answer', async () => {
        const { address } = outsideOf(family);
        const call = { transport, address, port: OUTSIDE_PORT } as const;
        const seen = [];
        for (const name of ['cyan', 'pink'] as const) {
          const { vm } = vmOf(family, name);
          const echo = await exchange(vm, { ...call, sourcePort: 5555, payload: name });
          expect(echo).toMatchObject({ from: { address: shared }, payload: name });
          seen.push(echo.from.port);
        }
        expect(seen[0]).not.toBe(seen[1]);
      });

      test('flows of both at the same time', async () => {
        const { address } = outsideOf(family);
        const flows = [];
        for (const name of ['cyan', 'pink', 'cyan', 'pink'] as const)
          flows.push(await startFlow(vmOf(family, name).vm, transport, address, REPEATER_PORT));
        for (const flow of flows) await flow.more(10);
        for (const flow of flows) await flow.stop();
      });

      test.each<[Name, ExternalName | Name, number]>([
        ['cyan', 'shared', 8080],
        ['pink', 'shared', 9090],
        ['blue', 'own', 8080],
        ['red', 'red', SERVERS.red],
        ['green', 'green', SERVERS.green],
      ])('in: %s is behind the address of %s port %i', async (name, to, port) => {
        const { host, address: caller } = outsideOf(family);
        const echo = await exchange(host, { transport, address: addressOf(to), port });
        expect(echo).toMatchObject({
          from: { address: caller },
          to: { address: addressOf(name), port: SERVERS[name] },
        });
      });

      test.each<[Name, ExternalName | Name]>([
        ['blue', 'own'],
        ['red', 'red'],
        ['green', 'green'],
      ])('out: of %s the physical host sees the address of %s', async (name, seen) => {
        const { address } = outsideOf(family);
        const { vm } = vmOf(family, name);
        const echo = await exchange(vm, { transport, address, port: OUTSIDE_PORT });
        expect(echo.from.address).toBe(addressOf(seen));
      });

      test.each<[Name, string, ExternalName, number, ExternalName | Name, Name]>([
        ['cyan', 'its own port', 'shared', 8080, 'shared', 'cyan'],
        ['cyan', 'the port of whom it shares with', 'shared', 9090, 'shared', 'pink'],
        ['cyan', 'a port of an own address', 'own', 8080, 'shared', 'blue'],
        ['blue', 'a port of a shared address', 'shared', 9090, 'own', 'pink'],
        ['blue', 'its own port', 'own', 8080, 'own', 'blue'],
        ['green', 'a port of an own address', 'own', 8080, 'green', 'blue'],
        ['green', 'a port of a shared address', 'shared', 8080, 'green', 'cyan'],
      ])('hairpin: %s calls %s', async (name, _, to, port, seen, server) => {
        const { vm } = vmOf(family, name);
        const echo = await exchange(vm, { transport, address: addressOf(to), port });
        expect(echo).toMatchObject({
          from: { address: addressOf(seen) },
          to: { port: SERVERS[server] },
        });
      });

      test('a port of the shared address that nobody has published leads nowhere', async () => {
        const call = { transport, address: shared, port: SERVERS.cyan, timeout: 500 } as const;
        await expect(exchange(lab.external.host, call)).rejects.toThrow();
      });
    });

    test('both who share an address can ping', async () => {
      const { address } = outsideOf(family);
      const results = await Promise.all(
        (['cyan', 'pink'] as const).map((name) => ping(vmOf(family, name).vm, address)),
      );
      for (const result of results) expect(result).toMatchObject({ received: 3, errors: [] });
    });

    test('the shared address answers ping, and its MAC is the gateway’s', async () => {
      const { host } = lab.external;
      await ip(host, 'neighbour flush dev eth0');
      expect(await ping(host, shared)).toMatchObject({ received: 3, errors: [] });
      const [known] = (await ipJson(host, 'neighbour', 'show', shared)) as { lladdr?: string }[];
      const [device] = (await ipJson(lab.namespace, 'link', 'show', 'external')) as {
        address: string;
      }[];
      expect(known?.lladdr).toBe(device?.address);
    });
  });

  test('when one of two leaves the shared addresses, the other holds them alone', async () => {
    const { connections } = controller.client.routingDomain(lab.tenant('pink').routingDomain);
    for (const id of ['internet', 'internet6']) await connections.delete(id, { waitSeconds: 60 });
    for (const family of FAMILIES) {
      const { host, address: outside } = outsideOf(family);
      const { shared } = EXTERNAL[family.name];
      for (const transport of TRANSPORTS) {
        const call = { transport, address: shared, timeout: 500 } as const;
        const echo = await exchange(host, { ...call, timeout: 3_000, port: 8080 });
        expect(echo.to.port).toBe(SERVERS.cyan);
        await expect(exchange(host, { ...call, port: 9090 })).rejects.toThrow();
        const out = await exchange(vmOf(family, 'cyan').vm, {
          ...{ transport, address: outside, port: OUTSIDE_PORT },
        });
        expect(out.from.address).toBe(shared);
      }
      const { vm } = vmOf(family, 'pink');
      expect((await ping(vm, outside, { count: 1, wait: 0.5 })).received).toBe(0);
    }
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
      for (const family of FAMILIES) {
        const routes = (await ipJson(inside, family.pick('-4', '-6'), 'route')) as {
          dev?: string;
        }[];
        expect(routes.filter(({ dev }) => dev !== 'vnet')).toEqual([]);
        const { vm, gateway } = vmOf(family, name);
        expect((await ping(vm, gateway)).received).toBe(3);
      }
    },
  );

  test('with the last connection everything goes that served them together', async () => {
    const { namespace } = lab;
    expect(await runIn(namespace, 'nft', ['list', 'ruleset'])).toBe('');
    expect(await ipJson(namespace, 'neighbour', 'show', 'proxy')).toEqual([]);
    for (const family of ['-4', '-6'])
      expect(await ipJson(namespace, family, 'route', 'show', 'proto', '76')).toEqual([]);
    const addresses = (await ipJson(namespace, 'address', 'show', 'external')) as {
      addr_info: { local: string; scope: string }[];
    }[];
    expect(
      addresses[0]?.addr_info.filter(({ scope }) => scope === 'global').map(({ local }) => local),
    ).toEqual(FAMILIES.map((family) => outsideOf(family).gatewayAddress));
  });
});

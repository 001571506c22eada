import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DomainNat, PortForward } from '../../src/dataplane/firewall.js';
import { gatewayFirewall } from '../../src/dataplane/gateway-firewall.js';
import type { KernelObject } from '../../src/dataplane/kernel-object.js';
import { externalGroup, peerName } from '../../src/dataplane/linux/names.js';
import { createLinuxNetwork } from '../../src/dataplane/linux/network.js';
import { parseIp } from '../../src/net/ip.js';
import { parsePrefix } from '../../src/net/prefix.js';
import { diff } from '../../src/reconcile/diff.js';
import { domainObjects, gatewayObjects, testDomain } from '../support/domain-objects.js';
import { createGatewayNamespace, type GatewayNamespace } from '../support/gateway-namespace.js';
import { exchange, startEcho, type Transport } from '../support/host-echo.js';
import { createNamespace, ip, runIn, type Namespace } from '../support/namespace.js';
import { ping } from '../support/ping.js';
import { describeWith, noRoot } from '../support/describe-with.js';

/**
 * The VM of every domain has the same address but green's. A domain's server port tells whose VM
 * it was that answered.
 */
const DOMAINS = {
  blue: { serial: 1, vm: '192.168.1.101', server: 8001, own: '203.0.113.10', outer: 8080 },
  red: { serial: 2, vm: '192.168.1.101', server: 8002, own: '203.0.113.11', outer: 8080 },
  cyan: { serial: 3, vm: '192.168.1.101', server: 8003, transit: '169.254.9.1', outer: 8080 },
  pink: { serial: 4, vm: '192.168.1.101', server: 8004, transit: '169.254.9.2', outer: 9090 },
  green: { serial: 5, vm: '192.168.9.10', server: 8005 },
} as const;
const SHARED = '203.0.113.20';
const OUTSIDE = '203.0.113.100';
const TRANSPORTS = ['tcp', 'udp'] as const;

/** Blue has IPv6 as well. */
const BLUE6 = {
  prefix: 'fd00:1::/64',
  gateway: 'fd00:1::1',
  vm: 'fd00:1::101',
  own: '2001:db8::10',
};
const OUTSIDE6 = '2001:db8::100';

type Name = keyof typeof DOMAINS;

describeWith(noRoot, 'NAT between routing domains and the external side', () => {
  let gateway: GatewayNamespace;
  const vms = new Map<Name, Namespace>();

  beforeAll(async () => {
    gateway = await createGatewayNamespace();
    const network = createLinuxNetwork(gateway.context);
    const desired = desiredObjects(gateway.context.instance);
    expect(await network.apply(diff(desired, await network.observe('all')))).toEqual([]);
    expect(diff(desired, await network.observe('all'))).toEqual([]);
    for (const name of Object.keys(DOMAINS) as Name[]) {
      vms.set(name, await plugVm(gateway, name));
      await startEcho(vm(name), DOMAINS[name].vm, DOMAINS[name].server);
    }
    const device = peerName(gateway.context.instance, testDomain(DOMAINS.blue.serial), 'vnet');
    await ip(
      vm('blue'),
      `addr add ${BLUE6.vm}/128 dev ${device} nodad`,
      `route add ::/0 dev ${device} src ${BLUE6.vm}`,
    );
    await startEcho(vm('blue'), BLUE6.vm, DOMAINS.blue.server);
    await startEcho(gateway.outside, OUTSIDE, 7000);
    await startEcho(gateway.outside, OUTSIDE6, 7000);
    await watch(gateway);
  });

  afterAll(() => {
    gateway.remove();
    for (const namespace of vms.values()) namespace.remove();
  });

  const vm = (name: Name): Namespace => {
    const namespace = vms.get(name);
    if (namespace === undefined) throw new Error(`No VM in ${name}.`);
    return namespace;
  };

  /** Who called, as the server saw it, and whose server it was. */
  const call = async (
    from: Namespace,
    transport: Transport,
    address: string,
    port: number,
  ): Promise<string> => {
    const echo = await exchange(from, { transport, address, port, timeout: 2_000 });
    return `${echo.from.address} at ${echo.to.port}`;
  };

  const unanswered = async (from: Namespace, address: string, port: number): Promise<void> => {
    for (const transport of TRANSPORTS)
      await expect(exchange(from, { transport, address, port, timeout: 500 })).rejects.toThrow();
    expect((await ping(from, address, { count: 1, wait: 0.5 })).received).toBe(0);
  };

  describe.each(TRANSPORTS)('%s', (transport) => {
    test.each([
      ['blue', '203.0.113.10'],
      ['red', '203.0.113.11'],
      ['cyan', SHARED],
      ['pink', SHARED],
      ['green', '192.168.9.10'],
    ] as const)('from %s the external host sees %s', async (name, seen) => {
      expect(await call(vm(name), transport, OUTSIDE, 7000)).toBe(`${seen} at 7000`);
    });

    test.each([
      ['203.0.113.10', 8080, 'blue'],
      ['203.0.113.11', 8080, 'red'],
      [SHARED, 8080, 'cyan'],
      [SHARED, 9090, 'pink'],
      ['192.168.9.10', 8005, 'green'],
    ] as const)('%s port %i leads from outside to %s', async (address, port, name) => {
      expect(await call(gateway.outside, transport, address, port)).toBe(
        `${OUTSIDE} at ${DOMAINS[name].server}`,
      );
    });

    test.each([
      ['blue', 'its own address', '203.0.113.10', 8080, '203.0.113.10 at 8001'],
      ['blue', 'red', '203.0.113.11', 8080, '203.0.113.10 at 8002'],
      ['blue', 'a shared address', SHARED, 9090, '203.0.113.10 at 8004'],
      ['cyan', 'its own port of the shared address', SHARED, 8080, `${SHARED} at 8003`],
      ['cyan', 'who shares with it', SHARED, 9090, `${SHARED} at 8004`],
      ['cyan', 'blue', '203.0.113.10', 8080, `${SHARED} at 8001`],
      ['green', 'blue', '203.0.113.10', 8080, '192.168.9.10 at 8001'],
      ['green', 'a shared address', SHARED, 9090, '192.168.9.10 at 8004'],
    ] as const)('%s calls %s', async (name, _, address, port, seen) => {
      expect(await call(vm(name), transport, address, port)).toBe(seen);
    });
  });

  test.each(TRANSPORTS)('%s over IPv6, out, in and back to itself', async (transport) => {
    expect(await call(vm('blue'), transport, OUTSIDE6, 7000)).toBe(`${BLUE6.own} at 7000`);
    expect(await call(gateway.outside, transport, BLUE6.own, 8080)).toBe(`${OUTSIDE6} at 8001`);
    expect(await call(vm('blue'), transport, BLUE6.own, 8080)).toBe(`${BLUE6.own} at 8001`);
  });

  test.each(['blue', 'red', 'cyan', 'pink', 'green'] as const)(
    'ping from %s to the external host',
    async (name) => {
      expect((await ping(vm(name), OUTSIDE, { count: 2 })).received).toBe(2);
    },
  );

  test.each(['203.0.113.10', '203.0.113.11', SHARED, '192.168.9.10'])(
    'ping from outside to %s',
    async (address) => {
      expect((await ping(gateway.outside, address, { count: 2 })).received).toBe(2);
    },
  );

  test('ping from one routing domain to the external address of another', async () => {
    expect((await ping(vm('green'), '203.0.113.10', { count: 2 })).received).toBe(2);
    expect((await ping(vm('cyan'), '203.0.113.10', { count: 2 })).received).toBe(2);
  });

  test.each(['blue', 'cyan'] as const)(
    'from %s nothing reaches the routed prefix of another domain',
    async (name) => {
      await unanswered(vm(name), '192.168.9.10', DOMAINS.green.server);
    },
  );

  test('whom a domain has called cannot call it back on another port', async () => {
    await call(vm('green'), 'udp', '203.0.113.10', 8080);
    await unanswered(vm('blue'), '192.168.9.10', DOMAINS.green.server);
  });

  test('transit addresses lead nowhere from outside or from another domain', async () => {
    await ip(gateway.outside, 'route add 169.254.9.0/24 via 203.0.113.1');
    await unanswered(gateway.outside, '169.254.9.1', 8080);
    await unanswered(vm('green'), '169.254.9.1', 8080);
  });

  test('no packet has left untranslated, and routed packets were not tracked', async () => {
    expect(await counted(gateway.outside, 'private')).toBe(0);
    expect(await counted(gateway.namespace, 'routed')).toBeGreaterThan(0);
    expect(await counted(gateway.namespace, 'tracked')).toBe(0);
  });
});

interface Translated {
  readonly vm: string;
  readonly server: number;
  readonly outer: number;
}

function natOf(domain: Translated, external: string, everything: string): DomainNat {
  const externalAddress = parseIp(external);
  return {
    destinations: [{ prefix: parsePrefix(everything), translation: externalAddress }],
    portForwards: TRANSPORTS.map((protocol): PortForward => ({
      protocol,
      externalAddress,
      externalPort: domain.outer,
      internalAddress: parseIp(domain.vm),
      internalPort: domain.server,
    })),
  };
}

function desiredObjects(instance: string): KernelObject[] {
  const { blue, red, cyan, pink, green } = DOMAINS;
  const subnet = { prefix: '192.168.1.0/24', gateway: '192.168.1.1' };
  const translated = (
    domain: Translated & { readonly serial: number },
    external: string,
    published: readonly string[],
  ): KernelObject[] =>
    domainObjects({
      domain: testDomain(domain.serial),
      table: instance,
      subnets: [subnet],
      external: [external],
      published,
      nat: natOf(domain, external, '0.0.0.0/0'),
    });
  const blueNat = natOf(blue, blue.own, '0.0.0.0/0');
  const blueNat6 = natOf({ ...blue, vm: BLUE6.vm }, BLUE6.own, '::/0');
  const share = (domain: { transit: string; outer: number }) => ({
    sharedAddress: parseIp(SHARED),
    transitAddress: parseIp(domain.transit),
    ports: TRANSPORTS.map((protocol) => ({ protocol, port: domain.outer })),
    ike: { peers: [], anyOther: false },
  });
  const greenDomain = testDomain(green.serial);
  return [
    ...gatewayObjects(
      instance,
      gatewayFirewall(instance, {
        externalGroup: externalGroup(instance),
        underlayDevices: ['lo'],
        externalDevices: ['external'],
        externalAddresses: [blue.own, BLUE6.own, red.own].map(parseIp),
        routedPrefixes: [parsePrefix('192.168.9.0/24')],
        shares: [share(cyan), share(pink)],
      }),
    ),
    {
      kind: 'address',
      place: 'gateway',
      device: { kind: 'configured', name: 'external' },
      address: parseIp(SHARED),
      prefixLength: 32,
    },
    ...domainObjects({
      domain: testDomain(blue.serial),
      table: instance,
      subnets: [subnet, BLUE6],
      external: [blue.own, BLUE6.own],
      published: [blue.own, BLUE6.own],
      nat: {
        destinations: [...blueNat.destinations, ...blueNat6.destinations],
        portForwards: [...blueNat.portForwards, ...blueNat6.portForwards],
      },
    }),
    ...translated(red, red.own, [red.own]),
    ...translated(cyan, cyan.transit, []),
    ...translated(pink, pink.transit, []),
    ...domainObjects({
      domain: greenDomain,
      table: instance,
      subnets: [{ prefix: '192.168.9.0/24', gateway: '192.168.9.1' }],
      external: [],
      published: [],
    }),
    {
      kind: 'route',
      place: greenDomain,
      destinationPrefix: parsePrefix('0.0.0.0/0'),
      metric: 0,
      target: { device: { kind: 'domain', device: 'ext' } },
    },
    {
      kind: 'route',
      place: 'gateway',
      destinationPrefix: parsePrefix('192.168.9.0/24'),
      metric: 0,
      target: { device: { kind: 'peer', domain: greenDomain, device: 'ext' } },
    },
  ];
}

/** A VM right behind vnet: it takes the far end of the pair, where NVGRE would be. */
async function plugVm(gateway: GatewayNamespace, name: Name): Promise<Namespace> {
  const { serial, vm } = DOMAINS[name];
  const namespace = await createNamespace(`vm-${name}`);
  const device = peerName(gateway.context.instance, testDomain(serial), 'vnet');
  await ip(gateway.namespace, `link set dev ${device} netns ${namespace.name}`);
  await ip(
    namespace,
    `addr add ${vm}/32 dev ${device}`,
    `link set dev ${device} up`,
    `route add default dev ${device} src ${vm}`,
  );
  return namespace;
}

/** Counts what must not be, with tables that are none of the gateway's. */
async function watch({ namespace, outside }: GatewayNamespace): Promise<void> {
  await runIn(outside, 'nft', [
    `table inet watch {
      counter private {}
      chain c {
        type filter hook prerouting priority -400;
        ip saddr { 192.168.1.0/24, 169.254.0.0/16 } counter name private
      }
    }`,
  ]);
  await runIn(namespace, 'nft', [
    `table inet watch {
      counter routed {}
      counter tracked {}
      chain c {
        type filter hook forward priority 10;
        oifname "wan0" ip saddr 192.168.9.0/24 counter name routed ct state != untracked counter name tracked
        iifname "wan0" ip daddr 192.168.9.0/24 counter name routed ct state != untracked counter name tracked
      }
    }`,
  ]);
}

async function counted(namespace: Namespace, counter: string): Promise<number> {
  const text = await runIn(namespace, 'nft', ['list', 'counter', 'inet', 'watch', counter]);
  return Number(/packets (\d+)/.exec(text)?.[1]);
}

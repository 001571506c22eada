import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFileSync } from 'node:fs';
import { gatewayFirewall } from '../../src/dataplane/gateway-firewall.js';
import type { Device, KernelObject } from '../../src/dataplane/kernel-object.js';
import { externalGroup, peerName } from '../../src/dataplane/linux/names.js';
import { createLinuxNetwork } from '../../src/dataplane/linux/network.js';
import type { NetworkPlane } from '../../src/dataplane/kernel.js';
import type { Operation } from '../../src/dataplane/port.js';
import { familyOf, parseIp } from '../../src/net/ip.js';
import { defaultPrefix, parsePrefix } from '../../src/net/prefix.js';
import { diff } from '../../src/reconcile/diff.js';
import { domainObjects, gatewayObjects, testDomain } from '../support/domain-objects.js';
import { createGatewayNamespace, type GatewayNamespace } from '../support/gateway-namespace.js';
import { createNamespace, ip, ipJson, runIn, type Namespace } from '../support/namespace.js';
import { describeWith, noRoot } from '../support/describe-with.js';

const blue = testDomain(1);
const green = testDomain(2);
const EXTERNAL: Device = { kind: 'configured', name: 'external' };

describeWith(noRoot, 'Linux network', () => {
  let gateway: GatewayNamespace;
  let network: NetworkPlane;
  let desired: KernelObject[];

  beforeAll(async () => {
    gateway = await createGatewayNamespace();
    network = createLinuxNetwork(gateway.context);
    desired = desiredObjects(gateway.context.instance);
  });

  afterAll(() => gateway.remove());

  const pending = async (wanted: readonly KernelObject[] = desired): Promise<Operation[]> =>
    diff(wanted, await network.observe('all'));

  /** Reconciles until nothing is left to do; a link that is made anew takes a second round. */
  const converge = async (wanted: readonly KernelObject[] = desired): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      const operations = await pending(wanted);
      if (operations.length === 0) return;
      expect(await network.apply(operations)).toEqual([]);
    }
    expect(await pending(wanted)).toEqual([]);
  };

  test('what was applied is observed, and nothing is left to do', async () => {
    expect((await network.observe('all')).filter((object) => object.foreign !== true)).toEqual([]);
    expect(await network.apply(await pending())).toEqual([]);
    expect(await pending()).toEqual([]);
  });

  test('the same operations once more change nothing and do not fail', async () => {
    await converge();
    const again = desired.map((object): Operation => ({ action: 'add', object }));
    expect(await network.apply(again)).toEqual([]);
    expect(await pending()).toEqual([]);
  });

  test('a part is observed as it is in the whole', async () => {
    await converge();
    const part = await network.observe({ gateway: false, domains: new Set([blue]) });
    const rest = await network.observe({ gateway: true, domains: new Set([green]) });
    const whole = await network.observe('all');
    const texts = (objects: readonly KernelObject[]): string[] =>
      objects.map((object) => JSON.stringify(object, plain)).sort();
    expect(texts([...part, ...rest])).toEqual(texts(whole));
    expect(part.length).toBeGreaterThan(0);
  });

  describe('what is found half made or changed is mended', () => {
    const wan = (): Namespace => gateway.namespace;
    const inside = (): Namespace => gateway.domainNamespace(blue);
    const outer = (): Namespace => gateway.domainNamespace(green);
    const peer = (device: 'vnet' | 'ext'): string =>
      peerName(gateway.context.instance, blue, device);

    const damages: [string, () => Promise<unknown>][] = [
      ['peer down', () => ip(wan(), `link set dev ${peer('vnet')} down`)],
      ['device down', () => ip(inside(), 'link set dev vnet down')],
      ['another MTU', () => ip(inside(), 'link set dev vnet mtu 1400')],
      ['ARP on', () => ip(wan(), `link set dev ${peer('ext')} arp on`)],
      ['another group', () => ip(wan(), `link set dev ${peer('ext')} group 0`)],
      ['another MAC', () => ip(inside(), 'link set dev ext address 02:00:00:00:00:99')],
      ['GSO size', () => ip(inside(), 'link set dev vnet gso_max_size 65536')],
      ['pair gone', () => ip(wan(), `link del dev ${peer('ext')}`)],
      [
        'another device in the place of the pair',
        () =>
          ip(
            inside(),
            'link del dev vnet',
            'link add name vnet type veth peer name vnet-peer',
            'link set dev vnet up',
          ),
      ],
      ['loopback down', () => ip(inside(), 'link set dev lo down')],
      ['address gone', () => ip(inside(), 'addr flush dev vnet scope global')],
      [
        'address of another length',
        () => ip(inside(), 'addr del 192.168.1.1/32 dev vnet', 'addr add 192.168.1.1/24 dev vnet'),
      ],
      ['route gone', () => ip(inside(), 'route del 192.168.1.0/24')],
      [
        'route elsewhere',
        () => ip(inside(), 'route replace unreachable 192.168.1.0/24 proto 76 metric 0'),
      ],
      [
        'IPv6 route gone',
        () => runIn(inside(), 'ip', ['-6', 'route', 'del', 'default', 'proto', '76']),
      ],
      [
        'route that nobody wants',
        () => ip(inside(), 'route add 172.16.0.0/12 dev ext proto 76 metric 3'),
      ],
      [
        'firewall with one rule more',
        () =>
          runIn(inside(), 'nft', [
            'add',
            'rule',
            'inet',
            gateway.context.instance,
            'forward',
            'drop',
          ]),
      ],
      [
        'firewall gone',
        () => runIn(inside(), 'nft', ['delete', 'table', 'inet', gateway.context.instance]),
      ],
      ['rule gone', () => ip(outer(), 'rule del priority 76 from 203.0.113.9')],
      [
        'IPv6 rule gone',
        () => runIn(outer(), 'ip', ['-6', 'rule', 'del', 'priority', '76', 'ipproto', 'tcp']),
      ],
      [
        'rule that nobody wants',
        () => ip(outer(), 'rule add from 203.0.113.8 iif lo lookup 76 priority 76 protocol 76'),
      ],
      ['sysctl', () => runIn(inside(), 'sh', ['-c', 'echo 0 >/proc/sys/net/ipv4/ip_forward'])],
      [
        'proxy gone',
        () => runIn(wan(), 'ip', ['neigh', 'del', 'proxy', '203.0.113.10', 'dev', 'wan0']),
      ],
      [
        'namespace gone, its name left',
        async () => {
          await runIn(wan(), 'ip', ['netns', 'del', inside().name]);
          writeFileSync(inside().path, '');
        },
      ],
      ['namespace gone', () => runIn(wan(), 'ip', ['netns', 'del', inside().name])],
    ];

    test.each(damages)('%s', async (_, damage) => {
      await converge();
      await damage();
      expect(await pending()).not.toEqual([]);
      await converge();
    });
  });

  test('what the operator has made survives', async () => {
    const other = await createNamespace('foreign');
    const space = gateway.namespace;
    await ip(
      space,
      'addr add 203.0.113.50/24 dev wan0',
      'route add 198.51.100.0/24 via 203.0.113.100 metric 5',
      'route add 172.31.0.0/16 dev wan0 proto 75',
      'neigh add proxy 203.0.113.60 dev wan0',
      'link add name operator0 type veth peer name operator1',
    );
    await runIn(space, 'nft', ['add table inet operator; add chain inet operator c']);
    const listing = async (): Promise<unknown[]> => [
      await ipJson(space, 'addr', 'show', 'dev', 'wan0'),
      await ipJson(space, 'route', 'show', 'proto', 'boot'),
      await ipJson(space, 'route', 'show', 'proto', '75'),
      await ipJson(space, 'link', 'show', 'dev', 'operator0'),
      await runIn(space, 'nft', ['list', 'table', 'inet', 'operator']),
    ];
    const before = await listing();
    const address = (text: string, prefixLength: number): KernelObject => ({
      kind: 'address',
      place: 'gateway',
      device: EXTERNAL,
      address: parseIp(text),
      prefixLength,
    });
    const route = (metric: number, via: string): KernelObject => ({
      kind: 'route',
      place: 'gateway',
      destinationPrefix: parsePrefix('198.51.100.0/24'),
      metric,
      target: { via: parseIp(via) },
    });

    // The operator's own address and route serve where the policy wants them too.
    const more = [...desired, address('203.0.113.50', 24), address('203.0.113.51', 24)];
    await converge([...more, route(5, '203.0.113.100')]);
    await converge([]);
    expect(await listing()).toEqual(before);
    expect(await ipJson(space, 'neigh', 'show', 'proxy')).toEqual([
      expect.objectContaining({ dst: '203.0.113.60', dev: 'wan0' }),
    ]);
    expect(await ipJson(other, 'link', 'show', 'dev', 'lo')).toHaveLength(1);
    other.remove();

    const failures = await network.apply([
      { action: 'add', object: route(5, '203.0.113.99') },
      { action: 'add', object: route(6, '203.0.113.99') },
    ]);
    expect(failures).toMatchObject([
      { code: 'kernelOperationFailed', operation: { object: { metric: 5 } } },
    ]);
    expect(await listing()).toEqual(before);
    await converge([]);
  });

  test('an operator’s address in the subnet of ours outlives ours', async () => {
    const ours: KernelObject = {
      kind: 'address',
      place: 'gateway',
      device: EXTERNAL,
      address: parseIp('198.51.100.1'),
      prefixLength: 24,
    };
    await converge([ours]);
    await ip(gateway.namespace, 'addr add 198.51.100.2/24 dev wan0');
    await converge([]);
    const text = JSON.stringify(await ipJson(gateway.namespace, 'addr', 'show', 'dev', 'wan0'));
    expect(text).toContain('198.51.100.2');
    expect(text).not.toContain('198.51.100.1"');
    await ip(gateway.namespace, 'addr del 198.51.100.2/24 dev wan0');
  });

  test('an operation that fails is named, the others are done', async () => {
    await converge();
    const vnet: Device = { kind: 'domain', device: 'vnet' };
    const route = (
      place: typeof blue,
      prefix: string,
      target: Extract<KernelObject, { kind: 'route' }>['target'],
    ): Operation => ({
      action: 'add',
      object: {
        kind: 'route',
        place,
        destinationPrefix: parsePrefix(prefix),
        metric: 7,
        target,
      },
    });
    const operations: Operation[] = [
      route(blue, '10.50.0.0/16', { device: vnet }),
      route(green, '10.51.0.0/16', { via: parseIp('198.51.100.77') }),
      route(blue, '10.52.0.0/16', { device: vnet, source: parseIp('9.9.9.9') }),
      route(blue, '10.53.0.0/16', 'unreachable'),
      {
        action: 'add',
        object: { kind: 'sysctl', place: blue, name: 'net/ipv4/no_such_thing', value: '1' },
      },
      {
        action: 'add',
        object: {
          kind: 'proxyNeighbour',
          device: { kind: 'configured', name: 'lan' },
          address: parseIp('203.0.113.10'),
        },
      },
    ];
    const failures = await network.apply(operations);
    expect(failures.map(({ operation }) => operations.indexOf(operation)).sort()).toEqual([
      1, 2, 4, 5,
    ]);
    expect(failures.map(({ code }) => code).sort()).toEqual([
      'kernelOperationFailed',
      'kernelOperationFailed',
      'kernelOperationFailed',
      'unknownInterface',
    ]);
    expect((await pending()).map(({ action }) => action)).toEqual(['remove', 'remove']);
    await converge();
  });

  test('removing is complete, and what is gone already is no failure', async () => {
    await converge();
    const removal = desired.toReversed().map((object): Operation => ({ action: 'remove', object }));
    expect(await network.apply(removal)).toEqual([]);
    expect(await network.apply(removal)).toEqual([]);
    expect((await network.observe('all')).filter((object) => object.foreign !== true)).toEqual([]);
  });

  test('devices are found by what they are configured as', async () => {
    await converge();
    const { configured, vnetPeers } = await network.linkIndex();
    const links = (await ipJson(gateway.namespace, 'link', 'show')) as {
      ifname: string;
      ifindex: number;
    }[];
    const index = (name: string): number | undefined =>
      links.find(({ ifname }) => ifname === name)?.ifindex;
    expect([...configured]).toEqual([['external', index('wan0')]]);
    expect(vnetPeers.get(blue)).toBe(index(peerName(gateway.context.instance, blue, 'vnet')));
    expect(vnetPeers.size).toBe(2);
    expect([...(await network.deviceMtu())]).toEqual([['external', 1500]]);
  });

  test('this kernel has what the gateway needs', async () => {
    const probes = await network.probe();
    const lacking = probes.filter(({ available }) => !available);
    expect(lacking.filter(({ name }) => !ONLY_FOR_TUNNELS.has(name))).toEqual([]);
    expect(probes.map(({ name }) => name)).toEqual(expect.arrayContaining([...ONLY_FOR_TUNNELS]));
    for (const { reason } of lacking) expect(reason).toMatch(/\w+\.$/);
  });
});

/** What only some remote connections need. */
const ONLY_FOR_TUNNELS = new Set(['kernelIpsec', 'tun', 'ppp', 'l2tp', 'mppe']);

/** A domain with NAT in both families, one that is routed, and the gateway's own part. */
function desiredObjects(instance: string): KernelObject[] {
  const external = ['203.0.113.10', '2001:db8::10'];
  const externalAddresses = external.map(parseIp);
  const [ipv4, ipv6] = externalAddresses;
  if (ipv4 === undefined || ipv6 === undefined) throw new Error('Two addresses are needed.');
  return [
    ...gatewayObjects(
      instance,
      gatewayFirewall(instance, {
        externalGroup: externalGroup(instance),
        underlayDevices: ['lo'],
        externalDevices: ['external'],
        externalAddresses,
        routedPrefixes: [parsePrefix('192.168.9.0/24')],
        shares: [],
      }),
    ),
    ...domainObjects({
      domain: blue,
      table: instance,
      subnets: [
        { prefix: '192.168.1.0/24', gateway: '192.168.1.1' },
        { prefix: '192.168.2.0/24', gateway: '192.168.2.1' },
        { prefix: 'fd00:1::/64', gateway: 'fd00:1::1' },
      ],
      external,
      published: external,
      nat: {
        destinations: [
          { prefix: parsePrefix('0.0.0.0/0'), translation: ipv4 },
          { prefix: parsePrefix('::/0'), translation: ipv6 },
        ],
        portForwards: [],
      },
    }),
    ...domainObjects({
      domain: green,
      table: instance,
      subnets: [{ prefix: '192.168.9.0/24', gateway: '192.168.9.1' }],
      external: [],
      published: [],
    }),
    {
      kind: 'route',
      place: green,
      destinationPrefix: parsePrefix('10.0.0.0/8'),
      metric: 4000,
      target: 'unreachable',
    },
    {
      kind: 'route',
      place: green,
      destinationPrefix: parsePrefix('192.168.9.77/32'),
      metric: 0,
      target: { device: { kind: 'domain', device: 'vnet' }, mtu: 1300 },
    },
    ...['203.0.113.9', '2001:db8::9'].map(parseIp).flatMap((source): KernelObject[] => [
      {
        kind: 'route',
        place: green,
        table: 'external',
        destinationPrefix: defaultPrefix(familyOf(source)),
        metric: 1,
        target: { device: { kind: 'domain', device: 'ext' } },
      },
      {
        kind: 'route',
        place: green,
        table: 'external',
        destinationPrefix: parsePrefix(familyOf(source) === 4 ? '192.168.9.0/24' : 'fd00:9::/64'),
        metric: 1,
        target: 'throw',
      },
      { kind: 'rule', domain: green, packets: { source } },
      ...(['tcp', 'dns'] as const).map((service): KernelObject => ({
        ...{ kind: 'rule', domain: green, packets: { service, family: familyOf(source) } },
      })),
    ]),
    {
      kind: 'route',
      place: 'gateway',
      destinationPrefix: parsePrefix('192.168.9.0/24'),
      metric: 0,
      target: { device: { kind: 'peer', domain: green, device: 'ext' } },
    },
  ];
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GatewayEvent } from '../../provider/client/responses.js';
import type { ConnectionDocument, PolicyDocument } from '../../provider/schemas.js';
import { peerName } from '../../src/dataplane/linux/names.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { capture } from '../support/capture.js';
import { gatewayNamespaces } from '../support/gateway-instance.js';
import { createHost } from '../support/host.js';
import { deleteMapEntry, kernelSnapshot, mapEntries } from '../support/kernel-snapshot.js';
import { ip, ipJson, runIn, setSysctls, type Namespace } from '../support/namespace.js';
import { lostOf, ping, startPing } from '../support/ping.js';
import { eventually, run } from '../support/process.js';
import { cleanUp } from '../support/process-owner.js';
import { createController, type Controller } from '../support/provider-client.js';
import { createTenantLab, type TenantLab } from '../support/tenant-lab.js';

const NAMES = ['blue', 'red', 'cyan', 'pink'] as const;
const OWN = '203.0.113.10';
const SHARED = '203.0.113.20';
/** Where blue's VM moves to: a host that only listens. */
const ELSEWHERE = '10.1.1.30';
const SYNCHRONIZED = { waitSeconds: 60 };

/**
 * Four VM networks with equal addresses: blue is routed, red has an external address of its own,
 * cyan and pink share one. Whatever happens here happens to a gateway with other people's things
 * around it, which must be as they were (see `foreignState`).
 */
describe('restart, crash and drift (P2, P3)', () => {
  let lab: TenantLab;
  let controller: Controller;
  let policy: PolicyDocument;
  let elsewhere: Namespace;
  let foreign: string;

  beforeAll(async () => {
    lab = await createTenantLab(
      Object.fromEntries(NAMES.map((name) => [name, '192.168.1'])),
      // Short, so that drift is found soon.
      { reconcileIntervalSeconds: 1 },
    );
    const { host, gatewayAddress } = lab.external;
    await ip(host, `route add 192.168.1.0/24 via ${gatewayAddress}`);
    elsewhere = await createHost({
      ...{ label: 'elsewhere', segment: lab.underlay, addresses: [`${ELSEWHERE}/24`] },
    });
    await makeForeignObjects();
    foreign = await foreignState();
    const nat = (externalAddress: string, externalPort: number): ConnectionDocument => ({
      ...{ id: 'internet', type: 'nat', externalAddress },
      rules: [
        {
          ...{ name: 'web', protocol: 'tcp', externalPort, internalPort: 80 },
          internalAddress: '192.168.1.101',
        },
      ],
    });
    policy = lab.policy({
      blue: [{ id: 'corp', type: 'routed', routes: [{ destinationPrefix: '203.0.113.0/24' }] }],
      red: [nat(OWN, 8080)],
      cyan: [nat(SHARED, 8080)],
      pink: [nat(SHARED, 9090)],
    });
    // A subnet that the store puts before the one that is first here.
    policy.routingDomains?.[0]?.virtualSubnets?.push({ vsid: 4999, prefixes: ['192.168.4.0/24'] });
    await lab.gateway.start();
    controller = createController(lab.namespace, lab.gateway);
    await controller.client.replacePolicy(policy, SYNCHRONIZED);
    await lab.host.warm('10.1.1.40');
  });

  afterAll(cleanUp);

  const vm = (name: (typeof NAMES)[number]): Namespace => lab.tenant(name).vm;
  const peer = (name: string, device: 'vnet' | 'ext'): string =>
    peerName(lab.gateway.instance, RoutingDomainId(lab.tenant(name).routingDomain), device);

  /** What somebody else has in the gateway's namespace and beside it. */
  async function makeForeignObjects(): Promise<void> {
    const { namespace, gateway } = lab;
    await ip(
      namespace,
      'route add 172.31.0.0/24 via 203.0.113.100',
      'address add 10.99.0.1/24 dev underlay',
      'address add 203.0.113.77/32 dev external',
      'neigh add proxy 203.0.113.78 dev external',
    );
    await runIn(namespace, 'nft', [
      'table inet operator { chain c { type filter hook forward priority 5; ip daddr 192.0.2.9 drop; }; }',
    ]);
    await runIn(namespace, 'tc', ['qdisc', 'add', 'dev', 'underlay', 'clsact']);
    await runIn(namespace, 'tc', [
      ...['filter', 'add', 'dev', 'underlay', 'ingress', 'prio', '99', 'protocol', 'ip'],
      ...['u32', 'match', 'ip', 'dst', '192.0.2.9/32'],
    ]);
    // Its name begins as ours do.
    const visitor = `${gateway.instance}-visitor`;
    await run('ip', ['netns', 'add', visitor]);
    await run('ip', ['-n', visitor, 'link', 'add', 'name', 'own0', 'type', 'veth']);
  }

  async function foreignState(): Promise<string> {
    const { namespace, gateway } = lab;
    const addresses = async (device: string) =>
      ((await ipJson(namespace, 'address', 'show', device)) as { addr_info: unknown[] }[])[0]
        ?.addr_info;
    const isForeign = (row: unknown) =>
      /10\.99\.0\.1|203\.0\.113\.(2|77)"/.test(JSON.stringify(row));
    const proxies = (await ipJson(namespace, 'neigh', 'show', 'proxy')) as { dst: string }[];
    const show = (command: string, ...args: string[]) => runIn(namespace, command, args);
    return [
      await show('ip', 'route', 'show', '172.31.0.0/24'),
      await show('ip', 'route', 'show', 'default'),
      JSON.stringify((await addresses('underlay'))?.filter(isForeign)),
      JSON.stringify((await addresses('external'))?.filter(isForeign)),
      JSON.stringify(proxies.filter(({ dst }) => dst === '203.0.113.78')),
      await show('nft', '-a', 'list', 'table', 'inet', 'operator'),
      await show('tc', 'filter', 'show', 'dev', 'underlay', 'ingress', 'prio', '99'),
      await run('ip', ['-n', `${gateway.instance}-visitor`, 'link']),
    ].join('\n');
  }

  /** The policy as the gateway has it; the order of its lists says nothing. */
  async function stored(): Promise<{ revision: number; policy: unknown }> {
    const { revision, policy: read } = await controller.client.policy();
    const domains = (read.routingDomains ?? []).map((domain) => ({
      ...domain,
      virtualSubnets: domain.virtualSubnets?.toSorted((a, b) => a.vsid - b.vsid),
    }));
    return { revision, policy: { ...read, routingDomains: domains } };
  }

  /** Starts the daemon and waits until it has looked at the kernel. */
  async function started(): Promise<void> {
    await lab.gateway.start();
    await eventually('the kernel is compared', async () => {
      const { revision, health, reconcile } = await controller.client.gateway();
      return health === 'ok' && reconcile.revision === revision ? true : undefined;
    });
  }

  async function repairs(): Promise<number> {
    return (await controller.client.gateway()).reconcile.repairs;
  }

  /** Resolves after a comparison of the kernel with the policy that begins from now on. */
  async function nextLook(): Promise<void> {
    const look = async () => (await controller.client.gateway()).reconcile.lastRunAt;
    for (let rounds = 0; rounds < 2; rounds++) {
      const last = await look();
      await eventually('the next look', async () => ((await look()) === last ? undefined : true));
    }
  }

  async function allAnswer(): Promise<void> {
    for (const name of NAMES)
      expect((await ping(vm(name), lab.external.address)).received, name).toBe(3);
  }

  test('the scene: every VM network reaches the physical host', allAnswer);

  test('applying the same policy again changes nothing', async () => {
    const before = await kernelSnapshot(lab.namespace, lab.gateway);
    await controller.client.replacePolicy(policy, SYNCHRONIZED);
    expect(await kernelSnapshot(lab.namespace, lab.gateway)).toEqual(before);
  });

  test('what is read back may be pushed again and changes nothing', async () => {
    const before = await kernelSnapshot(lab.namespace, lab.gateway);
    const { policy: read } = await controller.client.policy();
    await controller.client.replacePolicy(read, SYNCHRONIZED);
    expect(await kernelSnapshot(lab.namespace, lab.gateway)).toEqual(before);
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'a restart by %s keeps the policy, adopts what is there and changes nothing',
    async (signal) => {
      const policyBefore = await stored();
      const before = await kernelSnapshot(lab.namespace, lab.gateway);
      await lab.gateway.stop(signal);
      const logged = lab.gateway.log().length;
      expect(await kernelSnapshot(lab.namespace, lab.gateway)).toEqual(before);
      await started();
      expect(await stored()).toEqual(policyBefore);
      const { health, reconcile } = await controller.client.gateway();
      expect({ health, ...reconcile }).toMatchObject({ health: 'ok', repairs: 0, failures: [] });
      expect(lab.gateway.log().slice(logged)).not.toContain('brought in line');
      expect(await kernelSnapshot(lab.namespace, lab.gateway)).toEqual(before);
    },
  );

  test('killed and started again under traffic of every VM network: no packet is lost', async () => {
    const pings = NAMES.map((name) =>
      startPing(vm(name), lab.external.address, { interval: 0.005 }),
    );
    for (const each of pings) await each.answered(50);
    await lab.gateway.stop('SIGKILL');
    for (const each of pings) await each.answered(150);
    await started();
    for (const each of pings) await each.answered(300);
    for (const each of pings) {
      const result = await each.stop();
      expect({ lost: lostOf(result), duplicates: result.duplicates }).toEqual({
        ...{ lost: [], duplicates: 0 },
      });
    }
  });

  test('a policy pushed before the crash is in the kernel after it', async () => {
    const { customerRoutes } = controller.client.routingDomain(lab.tenant('red').routingDomain);
    const route = { vsid: lab.tenant('red').vsid, nextHop: '192.168.1.101', metric: 7 };
    const { revision } = await controller.client.changePolicy([
      {
        ...{ op: 'upsert', kind: 'customerRoute' },
        routingDomainId: lab.tenant('red').routingDomain,
        value: { ...route, destinationPrefix: '10.77.0.0/16' },
      },
    ]);
    await lab.gateway.stop('SIGKILL');
    await started();
    expect((await controller.client.gateway()).revision).toBe(revision);
    const routes = await ipJson(lab.domainNamespace('red'), 'route', 'show', '10.77.0.0/16');
    expect(routes).toMatchObject([{ dev: 'vnet' }]);
    for await (const { vsid, destinationPrefix, nextHop } of customerRoutes.all())
      expect({ vsid, destinationPrefix, nextHop }).toMatchObject({
        destinationPrefix: '10.77.0.0/16',
      });
    await controller.client.replacePolicy(policy, SYNCHRONIZED);
    expect(await ipJson(lab.domainNamespace('red'), 'route', 'show', '10.77.0.0/16')).toEqual([]);
  });

  test('a changed PA: from the answer on nothing goes to the old host, others notice nothing', async () => {
    const { vsid, customerAddress, macAddress, routingDomain } = lab.tenant('blue');
    const blueKey = `ip proto 47 and src 10.1.1.40 and ip[24:4] >> 8 = ${vsid}`;
    const oldHost = await capture(lab.host.namespace, 'uplink', blueKey);
    const newHost = await capture(elsewhere, 'eth0', blueKey);
    const toBlue = startPing(lab.external.host, customerAddress, { interval: 0.005 });
    const ofRed = startPing(vm('red'), lab.external.address, { interval: 0.005 });
    await toBlue.answered(20);
    await ofRed.answered(20);
    expect(newHost.packets()).toEqual([]);

    const move = (providerAddress: string) =>
      controller.client
        .routingDomain(routingDomain)
        .lookupRecords.put(
          `${vsid}/${customerAddress}`,
          { vsid, customerAddress, macAddress, providerAddress },
          SYNCHRONIZED,
        );
    await move(ELSEWHERE);
    const moved = BigInt(Date.now()) * 1000n;
    await newHost.waitFor(100, ({ time }) => time > moved);
    const strays = (await oldHost.stop()).filter(({ time }) => time > moved + 1000n);
    await newHost.stop();
    expect(strays).toEqual([]);

    await move(lab.host.providerAddress);
    expect(lostOf(await ofRed.stop())).toEqual([]);
    await toBlue.stop();
    expect((await ping(lab.external.host, customerAddress)).received).toBe(3);
  });

  describe('drift is found and mended', () => {
    const events: GatewayEvent[] = [];
    const following = new AbortController();
    let ended: Promise<void>;

    beforeAll(() => {
      const follow = async (): Promise<void> => {
        for await (const event of controller.client.events({ signal: following.signal }))
          events.push(event);
      };
      ended = follow();
    });

    afterAll(async () => {
      following.abort();
      await ended;
    });

    const inGateway = (...args: string[]) => ip(lab.namespace, args.join(' '));
    const inRed = (...args: string[]) => ip(lab.domainNamespace('red'), args.join(' '));
    const lose = async (map: Parameters<typeof mapEntries>[1]): Promise<void> => {
      const [first] = await mapEntries(lab.gateway, map);
      if (first === undefined) throw new Error(`${map} is empty.`);
      await deleteMapEntry(lab.gateway, map, first);
    };

    test.each<[string, () => Promise<unknown>, RegExp]>([
      ['a route of a VM network', () => inRed('route del 192.168.1.0/24'), /add route/],
      ['a route to an external address', () => inGateway('route del', OWN), /add route gateway/],
      [
        'a namespace',
        () => run('ip', ['netns', 'del', lab.domainNamespace('red').name]),
        /add namespace/,
      ],
      ['a vnet pair', () => inGateway('link del', peer('red', 'vnet')), /add link .* vnet/],
      ['an ext pair', () => inRed('link del ext'), /add link .* ext/],
      [
        'the filter on the underlay',
        () => runIn(lab.namespace, 'tc', 'filter del dev underlay ingress prio 7637'.split(' ')),
        /add filter underlay decap/,
      ],
      [
        'the filter of a VM network',
        () =>
          runIn(lab.namespace, 'tc', [
            ...['filter', 'del', 'dev', peer('red', 'vnet'), 'ingress', 'prio', '7637'],
          ]),
        /add filter .* encap/,
      ],
      [
        'the filter behind the NAT of a VM network',
        () =>
          runIn(lab.namespace, 'tc', [
            ...['filter', 'del', 'dev', peer('red', 'ext'), 'ingress', 'prio', '7637'],
          ]),
        /add filter .* outbound/,
      ],
      [
        'the NAT of a VM network',
        () =>
          runIn(lab.domainNamespace('red'), 'nft', ['delete table inet ' + lab.gateway.instance]),
        /add firewall/,
      ],
      [
        'the NAT of the gateway',
        () => runIn(lab.namespace, 'nft', ['flush table inet ' + lab.gateway.instance]),
        /change firewall gateway/,
      ],
      ['a proxy neighbour', () => inGateway('neigh del proxy', OWN, 'dev external'), /add proxy/],
      ['a shared address', () => inGateway('addr del', SHARED, 'dev external'), /add address/],
      ['the PA', () => inGateway('addr del 10.1.1.40/24 dev underlay'), /add address gateway/],
      ['a gateway address', () => inRed('addr del 192.168.1.1/32 dev vnet'), /add address/],
      [
        'forwarding',
        () => setSysctls(lab.domainNamespace('red'), { 'net/ipv4/ip_forward': '0' }),
        /change sysctl/,
      ],
      ['the MTU of a vnet', () => inRed('link set vnet mtu 1400'), /change link/],
      ['a vnet that is down', () => inRed('link set vnet down'), /link|route|address/],
      ['a provider address in its map', () => lose('provider_addresses'), /add providerAddress/],
      ['a virtual subnet in its map', () => lose('virtual_subnets'), /add virtualSubnet/],
      ['a lookup record in its map', () => lose('lookup_records'), /add lookupRecord/],
      ['a customer route in its map', () => lose('customer_routes'), /add customerRoute/],
      ['an end of the short way in its map', () => lose('external_ends'), /add externalEnd/],
      [
        'the filter on the external device',
        () => runIn(lab.namespace, 'tc', 'filter del dev external ingress prio 7637'.split(' ')),
        /add filter external inbound/,
      ],
      ['a provider peer in its map', () => lose('provider_peers'), /add providerPeer/],
      [
        'a route of ours that nobody wants',
        () => inRed('route add 10.66.0.0/16 dev vnet proto 76'),
        /remove route/,
      ],
    ])('%s', async (_, damage, told) => {
      const before = await repairs();
      const heard = events.length;
      await damage();
      // What is lost while it is being looked at fails first, and is told as that.
      const news = await eventually('the repair is told', () =>
        events
          .slice(heard)
          .find(
            ({ type, data }) =>
              type === 'recovered' || (type === 'repaired' && told.test(JSON.stringify(data))),
          ),
      );
      if (news.type === 'repaired') expect(await repairs()).toBeGreaterThan(before);
      await eventually('everybody answers again', async () => {
        const results = await Promise.all(
          NAMES.map((name) => ping(vm(name), lab.external.address, { count: 1 })),
        );
        return results.every(({ received }) => received === 1) ? true : undefined;
      });
      await eventually('a look that finds nothing', async () => {
        const mended = await kernelSnapshot(lab.namespace, lab.gateway);
        await nextLook();
        const after = await kernelSnapshot(lab.namespace, lab.gateway);
        return isDeepStrictEqual(after, mended) ? true : undefined;
      });
    });
  });

  test('what is not ours is as it was', async () => {
    expect(await foreignState()).toBe(foreign);
  });

  test('without policy nothing of ours is left, and what is not ours is as it was', async () => {
    await controller.client.replacePolicy({ apiVersion: 'nvgate/v1' }, SYNCHRONIZED);
    const { namespace, gateway } = lab;
    expect(gatewayNamespaces(gateway.instance)).toEqual([`${gateway.instance}-visitor`]);
    const links = (await ipJson(namespace, 'link')) as { ifname: string }[];
    expect(links.map(({ ifname }) => ifname).sort()).toEqual(['dmz', 'external', 'lo', 'underlay']);
    expect(await ipJson(namespace, 'route', 'show', 'table', 'all', 'proto', '76')).toEqual([]);
    const tables = await runIn(namespace, 'nft', ['list', 'tables']);
    expect(tables.trim()).toBe('table inet operator');
    const filters = await runIn(namespace, 'tc', 'filter show dev underlay ingress'.split(' '));
    expect(filters).not.toContain('7637');
    for (const map of ['virtual_subnets', 'lookup_records', 'customer_routes'] as const)
      expect(await mapEntries(gateway, map)).toEqual([]);
    expect(await foreignState()).toBe(foreign);
  });
});

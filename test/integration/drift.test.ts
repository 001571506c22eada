import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { GatewayEvent } from '../../provider/client/responses.js';
import { peerName } from '../../src/dataplane/linux/names.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { deleteMapEntry, mapEntries, type PolicyMap } from '../support/kernel-snapshot.js';
import { ip, ipJson, runIn, setSysctls, type Namespace } from '../support/namespace.js';
import { lostOf, startPing, type RunningPing } from '../support/ping.js';
import { eventually, run } from '../support/process.js';
import { cleanUp } from '../support/process-owner.js';
import { createController, type Controller } from '../support/provider-client.js';
import { createTenantLab, type TenantLab } from '../support/tenant-lab.js';

const OWN = '203.0.113.10';
/** So long that nothing is found by looking. */
const NEVER = 86_400;

/**
 * Red has an external address, cyan is routed; both have traffic all the time. Somebody takes away
 * one thing of red after the other. It is back, told and counted; cyan and what is not the gateway's
 * notice nothing.
 */
describe('drift under traffic', () => {
  let lab: TenantLab;
  let controller: Controller;
  let foreign: string;
  let ofCyan: RunningPing;
  const events: GatewayEvent[] = [];
  let following = new AbortController();

  beforeAll(async () => {
    lab = await createTenantLab(
      { red: '192.168.1', cyan: '192.168.2' },
      { reconcileIntervalSeconds: NEVER },
    );
    await ip(lab.external.host, `route add 192.168.2.0/24 via ${lab.external.gatewayAddress}`);
    await lab.gateway.start();
    controller = createController(lab.namespace, lab.gateway);
    await controller.client.replacePolicy(
      lab.policy({
        red: [{ id: 'internet', type: 'nat', externalAddress: OWN }],
        cyan: [{ id: 'corp', type: 'routed', routes: [{ destinationPrefix: '203.0.113.0/24' }] }],
      }),
      { waitSeconds: 60 },
    );
    await lab.host.warm('10.1.1.40');
    await makeForeignObjects();
    foreign = await foreignState();
    follow();
    ofCyan = startPing(lab.tenant('cyan').vm, lab.external.address, { interval: 0.02 });
    await ofCyan.answered(5);
  }, 180_000);

  afterAll(() => {
    following.abort();
    cleanUp();
  });

  function follow(): void {
    following = new AbortController();
    const { signal } = following;
    const read = async (): Promise<void> => {
      for await (const event of controller.client.events({ signal })) events.push(event);
    };
    // It ends with the daemon that it follows.
    read().catch(() => undefined);
  }

  /** Of other protocols, names and priorities than ours, in the gateway's namespace and in cyan's. */
  async function makeForeignObjects(): Promise<void> {
    const { namespace, gateway } = lab;
    const cyan = lab.domainNamespace('cyan');
    await ip(namespace, 'route add 172.31.0.0/24 via 203.0.113.100 proto 186');
    await ip(cyan, 'route add blackhole 172.30.0.0/24 proto 186');
    for (const place of [namespace, cyan])
      await runIn(place, 'nft', [
        'table inet operator { chain c { type filter hook forward priority 5; ip daddr 192.0.2.9 drop; }; }',
      ]);
    await runIn(namespace, 'tc', [
      ...['filter', 'add', 'dev', 'underlay', 'ingress', 'prio', '99', 'protocol', 'ip'],
      ...['u32', 'match', 'ip', 'dst', '192.0.2.9/32'],
    ]);
    // Its name begins as ours do.
    await run('ip', ['netns', 'add', `${gateway.instance}-visitor`]);
  }

  async function foreignState(): Promise<string> {
    const cyan = lab.domainNamespace('cyan');
    const show = (place: Namespace, ...[command = '', ...args]: string[]) =>
      runIn(place, command, args);
    return [
      await show(lab.namespace, 'ip', 'route', 'show', 'proto', '186'),
      await show(cyan, 'ip', 'route', 'show', 'proto', '186'),
      await show(lab.namespace, 'nft', '-a', 'list', 'table', 'inet', 'operator'),
      await show(cyan, 'nft', '-a', 'list', 'table', 'inet', 'operator'),
      await show(lab.namespace, 'tc', 'filter', 'show', 'dev', 'underlay', 'ingress', 'prio', '99'),
      await run('ip', ['-n', `${lab.gateway.instance}-visitor`, 'link']),
    ].join('\n');
  }

  const peer = (device: 'vnet' | 'ext'): string =>
    peerName(lab.gateway.instance, RoutingDomainId(lab.tenant('red').routingDomain), device);
  const tc = (...args: string[]) => runIn(lab.namespace, 'tc', args);
  const inGateway = (line: string) => ip(lab.namespace, line);
  const inRed = (line: string) => ip(lab.domainNamespace('red'), line);
  const nft = (place: Namespace, verb: string) =>
    runIn(place, 'nft', [`${verb} table inet ${lab.gateway.instance}`]);
  const lose = async (map: PolicyMap): Promise<void> => {
    for (const entry of await mapEntries(lab.gateway, map))
      await deleteMapEntry(lab.gateway, map, entry);
  };

  async function repairs(): Promise<number> {
    const text = await controller.client.metrics();
    return Number(/^nvgate_repairs_total (\d+)$/m.exec(text)?.[1]);
  }

  /** Does the damage, and resolves when it is mended, told by that name, and red has traffic. */
  async function expectRepair(damage: () => Promise<unknown>, told: RegExp): Promise<void> {
    const before = await repairs();
    const heard = events.length;
    await damage();
    await eventually(
      `${String(told)} is told`,
      () =>
        events
          .slice(heard)
          .some(({ type, data }) => type === 'repaired' && told.test(JSON.stringify(data))) ||
        undefined,
      60_000,
    );
    expect(await repairs()).toBeGreaterThan(before);
    const flow = startPing(lab.tenant('red').vm, lab.external.address);
    await flow.answered(3);
    await flow.stop();
    await eventually('nothing has failed', async () => {
      const { health } = await controller.client.gateway();
      return health === 'ok' || undefined;
    });
  }

  test('the kernel tells of changes here', async () => {
    const { unavailable } = await controller.client.capabilities();
    expect(unavailable.map(({ feature }) => feature)).not.toContain('changeMonitor');
    expect(await repairs()).toBe(0);
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['a route of the VM network', () => inRed('route del 192.168.1.0/24'), /add route/],
    [
      'a route that another program has taken over',
      async () => {
        const route = 'route show 192.168.1.0/24'.split(' ');
        const rows = (await ipJson(lab.domainNamespace('red'), ...route)) as { metric?: number }[];
        await inRed(
          `route replace 192.168.1.0/24 dev vnet metric ${rows[0]?.metric ?? 0} proto 186`,
        );
      },
      /add route/,
    ],
    ['the route to its external address', () => inGateway(`route del ${OWN}`), /add route gateway/],
    ['the address of its gateway', () => inRed('addr del 192.168.1.1/32 dev vnet'), /add address/],
    [
      'its TC filter',
      () => tc('filter', 'del', 'dev', peer('vnet'), 'ingress', 'prio', '7637'),
      /add filter .*encap/,
    ],
    ['all filters of its device', () => tc('qdisc', 'del', 'dev', peer('vnet'), 'clsact'), /encap/],
    ['its NAT', () => nft(lab.domainNamespace('red'), 'delete'), /add firewall/],
    ['the rules of its NAT', () => nft(lab.domainNamespace('red'), 'flush'), /change firewall/],
    ['the gateway’s firewall', () => nft(lab.namespace, 'delete'), /add firewall gateway/],
    [
      'forwarding',
      () => setSysctls(lab.domainNamespace('red'), { 'net/ipv4/ip_forward': '0' }),
      /change sysctl .*forward/,
    ],
    ['a device that is set down', () => inRed('link set vnet down'), /link|route|address/],
    ['its link to the underlay', () => inGateway(`link del ${peer('vnet')}`), /add link .*vnet/],
    ['its link to the outside', () => inRed('link del ext'), /add link .*ext/],
    [
      'its namespace with all that is in it',
      () => run('ip', ['netns', 'del', lab.domainNamespace('red').name]),
      /add namespace/,
    ],
  ])(
    'told by the kernel: %s',
    async (_, damage, told) => {
      await expectRepair(damage, told);
    },
    120_000,
  );

  test('what the kernel tells nobody is found by looking', async () => {
    const file = lab.gateway.configFile;
    const settings = parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, stringify({ ...settings, reconcileIntervalSeconds: 1 }));
    await lab.gateway.stop('SIGKILL');
    await lab.gateway.start();
    await eventually('the kernel is compared', async () => {
      const { health, revision, reconcile } = await controller.client.gateway();
      return (health === 'ok' && reconcile.revision === revision) || undefined;
    });
    follow();
    await expectRepair(
      () => inGateway(`neigh del proxy ${OWN} dev external`),
      /add proxyNeighbour/,
    );
    const redirects = { 'net/ipv4/conf/all/send_redirects': '1' };
    await expectRepair(() => setSysctls(lab.domainNamespace('red'), redirects), /change sysctl/);
    // Cyan's traffic needs these as well: it ends here.
    await expectUndisturbed();
    await expectRepair(() => lose('virtual_subnets'), /add virtualSubnet/);
    await expectRepair(() => lose('lookup_records'), /add lookupRecord/);
    await expectRepair(() => lose('customer_routes'), /add customerRoute/);
    await expectRepair(() => lose('provider_peers'), /add providerPeer/);
  }, 300_000);

  async function expectUndisturbed(): Promise<void> {
    expect(lostOf(await ofCyan.stop())).toEqual([]);
  }

  test('what somebody undoes again and again is mended ever more rarely, and named', async () => {
    const enemy = { ended: false };
    const deleting = (async () => {
      while (!enemy.ended) await nft(lab.domainNamespace('red'), 'delete').catch(() => undefined);
    })();
    const failure = await eventually(
      'it is named',
      async () => {
        const { reconcile } = await controller.client.gateway();
        return reconcile.failures.find(({ reason }) => /firewall.*again and again/.test(reason));
      },
      60_000,
    );
    enemy.ended = true;
    await deleting;
    expect(failure.reason).toContain(lab.tenant('red').routingDomain);
    await eventually(
      'it is mended all the same',
      async () => (await controller.client.gateway()).health === 'ok' || undefined,
      90_000,
    );
  }, 180_000);

  test('what is not ours is as it was, and a look finds nothing to do', async () => {
    expect(await foreignState()).toBe(foreign);
    await lab.gateway.stop();
    const logged = lab.gateway.log().length;
    await lab.gateway.start();
    await eventually('the kernel is compared', async () => {
      const { health, revision, reconcile } = await controller.client.gateway();
      return (health === 'ok' && reconcile.revision === revision) || undefined;
    });
    expect(lab.gateway.log().slice(logged)).not.toContain('brought in line');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { domainFirewall } from '../../../src/dataplane/firewall.js';
import type { KernelObject } from '../../../src/dataplane/kernel-object.js';
import type { NetworkPlane } from '../../../src/dataplane/kernel.js';
import { createLinuxNetwork } from '../../../src/dataplane/linux/network.js';
import type { Operation } from '../../../src/dataplane/port.js';
import { parseIp } from '../../../src/net/ip.js';
import { parsePrefix } from '../../../src/net/prefix.js';
import { diff } from '../../../src/reconcile/diff.js';
import { testDomain } from '../../support/domain-objects.js';
import { createGatewayNamespace, type GatewayNamespace } from '../../support/gateway-namespace.js';
import { ip, ipJson, type Namespace } from '../../support/namespace.js';

const domain = testDomain(1);
const NAME = 'ike-0123456789';
const BRANCH = 'ike-9876543210';

/** XFRM interfaces, which stock kernels have. */
describe('the device of a tunnel by kernel IPsec', () => {
  let gateway: GatewayNamespace;
  let network: NetworkPlane;
  let desired: KernelObject[];

  beforeAll(async () => {
    gateway = await createGatewayNamespace();
    network = createLinuxNetwork(gateway.context);
    desired = objects(gateway.context.instance);
  });

  afterAll(() => gateway.remove());

  const inside = (): Namespace => gateway.domainNamespace(domain);
  const pending = async (): Promise<Operation[]> => diff(desired, await network.observe('all'));
  /** What had to be done for it. */
  const converge = async (): Promise<string[]> => {
    const operations = await pending();
    expect(await network.apply(operations)).toEqual([]);
    return operations.map(({ action, object }) => `${action} ${object.kind}`);
  };

  it('is made, up and with its number, and a route leads into it', async () => {
    await converge();
    const [link] = (await ipJson(inside(), '-d', 'link', 'show', NAME)) as {
      mtu: number;
      linkinfo: { info_kind: string; info_data: { if_id: string } };
    }[];
    expect(link).toMatchObject({
      mtu: 1396,
      linkinfo: { info_kind: 'xfrm', info_data: { if_id: '0xfffffffe' } },
    });
    expect(await ipJson(inside(), 'route', 'show', '10.9.0.0/16')).toMatchObject([{ dev: NAME }]);
  });

  it.each([
    ['is down', [`link set dev ${NAME} down`], 'change tunnelLink'],
    ['is gone', [`link del dev ${NAME}`], 'add tunnelLink'],
    ['is one too many', ['link add ike-1111111111 type xfrm if_id 5'], 'remove tunnelLink'],
    [
      'has another number',
      [`link del dev ${NAME}`, `link add ${NAME} type xfrm if_id 9`],
      'change tunnelLink',
    ],
  ])('is mended where it %s', async (_, damage, mending) => {
    await ip(inside(), ...damage);
    expect(await converge()).toContain(mending);
    expect(await pending()).toEqual([]);
  });

  it('is not made where the number is another’s', async () => {
    const twin: KernelObject = {
      kind: 'tunnelLink',
      domain,
      ...{ name: BRANCH, mtu: 1396 },
      interfaceId: 0xfffffffe,
    };
    const failures = await network.apply([{ action: 'add', object: twin }]);
    expect(failures.map(({ operation }) => operation.object)).toEqual([twin]);
    expect(await pending()).toEqual([]);
  });

  it('is probed', async () => {
    const probes = await network.probe();
    const available = probes.flatMap((probe) => (probe.available ? [probe.name] : []));
    expect(available).toEqual(expect.arrayContaining(['kernelIpsec', 'tun']));
  });
});

function objects(table: string): KernelObject[] {
  const endPoint = { address: parseIp('203.0.113.10'), callsServers: true };
  return [
    { kind: 'namespace', domain },
    { kind: 'tunnelLink', domain, name: NAME, interfaceId: 0xfffffffe, mtu: 1396 },
    {
      kind: 'firewall',
      place: domain,
      ruleset: domainFirewall(table, {
        nat: undefined,
        guard: {
          endPoints: (['ikev2', 'l2tp', 'pptp'] as const).map((type) => ({ type, ...endPoint })),
          sources: [{ prefix: parsePrefix('10.9.0.0/16'), allowed: false }],
        },
      }),
    },
    {
      kind: 'route',
      place: domain,
      destinationPrefix: parsePrefix('10.9.0.0/16'),
      metric: 1,
      target: { device: { kind: 'tunnel', name: NAME } },
    },
  ];
}

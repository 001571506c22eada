import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionDocument, RoutingDomainDocument } from '../../provider/schemas.js';
import { compile } from '../../src/dataplane/compile/compile.js';
import type { Environment } from '../../src/dataplane/compile/environment.js';
import { externalPlan } from '../../src/dataplane/compile/external-plan.js';
import { externalGroup, peerName } from '../../src/dataplane/linux/names.js';
import { createLinuxNetwork } from '../../src/dataplane/linux/network.js';
import { isTableEntry, type KernelObject } from '../../src/dataplane/kernel-object.js';
import type { NetworkPlane } from '../../src/dataplane/kernel.js';
import { ConnectionId } from '../../src/model/connection.js';
import { formatIp } from '../../src/net/ip.js';
import { diff } from '../../src/reconcile/diff.js';
import { capture } from '../support/capture.js';
import { testDomain } from '../support/domain-objects.js';
import { createGatewayNamespace, type GatewayNamespace } from '../support/gateway-namespace.js';
import { exchange, startEcho } from '../support/host-echo.js';
import { createNamespace, ip, type Namespace } from '../support/namespace.js';
import { ping } from '../support/ping.js';
import { ENVIRONMENT, policyOf } from '../support/policy-of.js';
import { connect } from '../support/topology.js';
import { openUdpEnd, type UdpEnd } from '../support/udp-end.js';
import { describeWith, noRoot } from '../support/describe-with.js';

const SHARED = '203.0.113.20';
const OWN = '203.0.113.10';
const BOTH = '203.0.113.11';
/** Hosts of the internet, all in one namespace. Who is whose peer see DOMAINS. */
const PEERS = ['198.51.100.1', '198.51.100.2', '198.51.100.3'] as const;
const [FIRST, SECOND, STRANGER] = PEERS;
const IKE_PORTS = [500, 4500];

const SERIALS = { blue: 1, red: 2, cyan: 3, pink: 4, green: 5, gray: 6 } as const;
type Name = keyof typeof SERIALS;
/** Of each domain, all the same. */
const VM = '192.168.1.101';
const VM_GATEWAY = '192.168.1.1';
/** Behind every tunnel. Green's leads to its own peer as well. */
const OFFICE = '10.9.1.1';

function tunnel(
  sourceAddress: string,
  destinationAddress: string,
  ...more: string[]
): ConnectionDocument {
  return {
    ...{ id: 'office', type: 'ikev2', sourceAddress, destinationAddress },
    authentication: { method: 'psk', secret: 'secret' },
    routes: ['10.9.0.0/16', ...more].map((destinationPrefix) => ({ destinationPrefix })),
  };
}

function nat(externalAddress: string): ConnectionDocument {
  const inside = { internalAddress: VM, internalPort: 8000 };
  return {
    ...{ id: 'internet', type: 'nat', externalAddress },
    rules: [{ name: 'service', protocol: 'udp', externalPort: 8080, ...inside }],
  };
}

const CERTIFICATE = {
  ...{ method: 'certificate', certificateFile: '/etc/cyan.pem', privateKeyFile: '/etc/cyan.key' },
  certificateAuthorityFiles: ['/etc/ca.pem'],
} as const;

const CONNECTIONS: Readonly<Record<Name, readonly ConnectionDocument[]>> = {
  blue: [tunnel(SHARED, FIRST)],
  red: [tunnel(SHARED, SECOND)],
  // Takes anybody.
  cyan: [{ ...tunnel(SHARED, '0.0.0.0'), authentication: CERTIFICATE } as ConnectionDocument],
  pink: [nat(SHARED)],
  green: [tunnel(OWN, FIRST, '198.51.0.0/16'), nat(OWN)],
  gray: [tunnel(BOTH, FIRST), nat(BOTH)],
};

const POLICY = policyOf({
  routingDomains: Object.entries(CONNECTIONS).map(([name, connections]): RoutingDomainDocument => ({
    id: testDomain(SERIALS[name as Name]),
    virtualSubnets: [{ vsid: 5000 + SERIALS[name as Name], prefixes: ['192.168.1.0/24'] }],
    connections: [...connections],
  })),
});

/** What a domain's daemon speaks from. */
function addressOf(name: Name): string {
  const [plan] = externalPlan(POLICY).get(testDomain(SERIALS[name]))?.values() ?? [];
  if (plan === undefined) throw new Error(`${name} has no external address.`);
  return formatIp(plan.domainAddress);
}

describeWith(noRoot, 'tunnels of routing domains', () => {
  let gateway: GatewayNamespace;
  let network: NetworkPlane;
  const vms = new Map<Name, Namespace>();
  /** Daemons by domain and port, peers by address and port, in place of charon. */
  const ends = new Map<string, UdpEnd>();

  beforeAll(async () => {
    gateway = await createGatewayNamespace();
    const { outside, namespace } = gateway;
    await ip(outside, ...PEERS.map((address) => `addr add ${address}/32 dev lo`));
    await ip(namespace, 'route add default via 203.0.113.100');
    network = createLinuxNetwork(gateway.context);
    const desired = objects(new Map());
    expect(await network.apply(diff(desired, await network.observe('all')))).toEqual([]);
    expect(diff(desired, await network.observe('all'))).toEqual([]);
    for (const name of ['blue', 'pink', 'green', 'gray'] as const)
      vms.set(name, await plugVm(name));
    for (const port of IKE_PORTS) {
      for (const name of ['blue', 'red', 'cyan', 'green', 'gray'] as const)
        ends.set(`${name} ${port}`, await openUdpEnd(inside(name), addressOf(name), port));
      for (const peer of PEERS) ends.set(`${peer} ${port}`, await openUdpEnd(outside, peer, port));
    }
  });

  afterAll(() => {
    for (const each of ends.values()) each.close();
    gateway.remove();
    for (const vm of vms.values()) vm.remove();
  });

  /** All that Linux needs for the policy with these tunnels up, but for the packet path. */
  function objects(tunnels: Environment['tunnels']): KernelObject[] {
    const { instance } = gateway.context;
    const environment: Environment = {
      ...{ ...ENVIRONMENT, underlay: [], ipsec: 'userSpace', tunnels },
      ...{ firewallTable: instance, externalGroup: externalGroup(instance) },
    };
    return compile(POLICY, environment, 'all').filter(
      (object) => object.kind !== 'filter' && !isTableEntry(object),
    );
  }

  /** Tunnels come and go: that is a matter of routes alone. */
  async function bringRoutes(tunnels: Environment['tunnels']): Promise<void> {
    const isRoute = ({ kind }: KernelObject): boolean => kind === 'route';
    const wanted = objects(tunnels).filter(isRoute);
    const observed = (await network.observe('all')).filter(isRoute);
    expect(await network.apply(diff(wanted, observed))).toEqual([]);
  }

  const inside = (name: Name): Namespace => gateway.domainNamespace(testDomain(SERIALS[name]));
  const vm = (name: Name): Namespace => {
    const found = vms.get(name);
    if (found === undefined) throw new Error(`No VM in ${name}.`);
    return found;
  };
  const end = (name: string, port: number): UdpEnd => {
    const found = ends.get(`${name} ${port}`);
    if (found === undefined) throw new Error(`Nobody is ${name} at ${port}.`);
    return found;
  };

  /** A VM right behind vnet: it takes the far end of the pair, where NVGRE would be. */
  async function plugVm(name: Name): Promise<Namespace> {
    const namespace = await createNamespace(`vm-${name}`);
    const device = peerName(gateway.context.instance, testDomain(SERIALS[name]), 'vnet');
    await ip(gateway.namespace, `link set dev ${device} netns ${namespace.name}`);
    await ip(
      namespace,
      `addr add ${VM}/32 dev ${device}`,
      `link set dev ${device} up`,
      `route add default dev ${device} src ${VM}`,
    );
    return namespace;
  }

  describe.each(IKE_PORTS)('port %i', (port) => {
    test.each([
      [FIRST, 'blue'],
      [SECOND, 'red'],
      [STRANGER, 'cyan'],
    ] as const)(
      'of the shared address: %s reaches %s, and is answered from there',
      async (peer, name) => {
        const call = await end(peer, port).say(SHARED, port);
        expect(await end(name, port).heard(call)).toBe(`${peer} ${port}`);
        const answer = await end(name, port).say(peer, port);
        expect(await end(peer, port).heard(answer)).toBe(`${SHARED} ${port}`);
      },
    );

    test('an own address is reached and left without translation', async () => {
      const call = await end(FIRST, port).say(OWN, port);
      expect(await end('green', port).heard(call)).toBe(`${FIRST} ${port}`);
      const answer = await end('green', port).say(FIRST, port);
      expect(await end(FIRST, port).heard(answer)).toBe(`${OWN} ${port}`);
    });
  });

  test('who calls first keeps its port, and is called back on a new one', async () => {
    // Nothing has passed between these two yet, in either direction.
    const peer = await openUdpEnd(gateway.outside, FIRST, 1500);
    const call = await end('blue', 4500).say(FIRST, 1500);
    expect(await peer.heard(call)).toBe(`${SHARED} 4500`);
    const back = await peer.say(SHARED, 4500);
    expect(await end('blue', 4500).heard(back)).toBe(`${FIRST} 1500`);
    const floated = await peer.say(SHARED, 500);
    expect(await end('blue', 500).heard(floated)).toBe(`${FIRST} 1500`);
    peer.close();
  });

  test.each([
    ['pink', SHARED, SECOND, 'red'],
    ['gray', BOTH, FIRST, 'gray'],
  ] as const)(
    'a VM of %s cannot take the ports of %s towards a peer',
    async (tenant, address, peer, owner) => {
      const far = await openUdpEnd(gateway.outside, peer, 1501);
      const thief = await openUdpEnd(vm(tenant), VM, 4500);
      const call = await thief.say(peer, 1501);
      const [from, port] = (await far.heard(call)).split(' ');
      expect(from).toBe(address);
      expect(Number(port)).toBeGreaterThanOrEqual(10_000);
      const ike = await far.say(address, 4500);
      expect(await end(owner, 4500).heard(ike)).toBe(`${peer} 1501`);
      await thief.missed(ike);
      thief.close();
      far.close();
    },
  );

  test('nobody but the peer reaches a daemon with a fixed one', async () => {
    for (const port of IKE_PORTS)
      await end('green', port).missed(await end(STRANGER, port).say(OWN, port));
  });

  test('a VM reaches no daemon, but may ping', async () => {
    const tenant = await openUdpEnd(vm('green'), VM, 1600);
    const [daemon, anywhere] = [
      end('green', 500),
      await openUdpEnd(inside('green'), '0.0.0.0', 501),
    ];
    await daemon.missed(await tenant.say(OWN, 500));
    await anywhere.missed(await tenant.say(VM_GATEWAY, 501));
    expect((await ping(vm('green'), VM_GATEWAY, { count: 1 })).received).toBe(1);
    expect((await ping(vm('green'), OWN, { count: 1 })).received).toBe(1);
    tenant.close();
    anywhere.close();
  });

  test('a daemon calls servers from the external address, whichever that is', async () => {
    await startEcho(gateway.outside, STRANGER, 7000);
    const call = { transport: 'tcp', address: STRANGER, port: 7000 } as const;
    expect((await exchange(inside('cyan'), call)).from.address).toBe(SHARED);
  });

  describe('while the tunnel is down', () => {
    test.each(['blue', 'green'] as const)(
      'a VM of %s is told that the far side is unreachable, and nothing leaves',
      async (name) => {
        const wire = await capture(gateway.outside, 'eth0', `host ${OFFICE} or host ${VM}`);
        const { received, errors } = await ping(vm(name), OFFICE, { count: 2 });
        expect(received).toBe(0);
        expect(errors.map(({ from }) => from)).toContain(VM_GATEWAY);
        expect(await wire.stop()).toEqual([]);
      },
    );

    test('nothing in clear passes for the far side or for a VM', async () => {
      await ip(gateway.outside, `addr add ${OFFICE}/32 dev lo`, `addr add ${VM}/32 dev lo`);
      const service = await openUdpEnd(vm('green'), VM, 8000);
      for (const source of [OFFICE, VM]) {
        const liar = await openUdpEnd(gateway.outside, source, 1700);
        await service.missed(await liar.say(OWN, 8080));
        liar.close();
      }
      const customer = await openUdpEnd(gateway.outside, '203.0.113.100', 1700);
      await service.heard(await customer.say(OWN, 8080));
      await ip(gateway.outside, `addr del ${OFFICE}/32 dev lo`, `addr del ${VM}/32 dev lo`);
      service.close();
      customer.close();
    });
  });

  describe('while the tunnel is up', () => {
    let office: Namespace;

    beforeAll(async () => {
      office = await createNamespace('office');
      await connect(
        { namespace: inside('green'), device: 'ipsec0', addresses: [] },
        { namespace: office, device: 'eth0', addresses: [] },
      );
      await ip(office, `addr add ${OFFICE}/32 dev lo`, 'route add default dev eth0 scope link');
      // As good as a device without link layer: both ends have one address, and need not ask for it.
      const settings = 'arp off address 02:00:00:00:00:01';
      await ip(inside('green'), `link set dev ipsec0 ${settings}`);
      await ip(office, `link set dev eth0 ${settings}`);
      await bringRoutes(
        new Map([
          [testDomain(SERIALS.green), new Map([[ConnectionId('office'), { device: 'ipsec0' }]])],
        ]),
      );
    });

    afterAll(async () => {
      await bringRoutes(new Map());
      office.remove();
    });

    test('VMs and the far side meet by their own addresses', async () => {
      await startEcho(office, OFFICE, 7000);
      const echo = await exchange(vm('green'), { transport: 'udp', address: OFFICE, port: 7000 });
      expect(echo.from.address).toBe(VM);
    });

    test('the daemon still reaches its peer outside, which the tunnel leads to as well', async () => {
      const call = await end('green', 4500).say(FIRST, 4500);
      expect(await end(FIRST, 4500).heard(call)).toBe(`${OWN} 4500`);
    });

    test('a VM’s packets to that address take the tunnel', async () => {
      const wire = await capture(office, 'eth0', `src host ${VM} and dst host ${FIRST}`);
      await ping(vm('green'), FIRST, { count: 1, wait: 0.3 });
      await wire.waitFor(1);
      await wire.stop();
    });

    test('nothing leaves when the device vanishes with its daemon', async () => {
      await ip(inside('green'), 'link del dev ipsec0');
      const wire = await capture(gateway.outside, 'eth0', `host ${OFFICE} or host ${VM}`);
      const { received, errors } = await ping(vm('green'), OFFICE, { count: 2 });
      expect(received).toBe(0);
      expect(errors.map(({ from }) => from)).toContain(VM_GATEWAY);
      expect(await wire.stop()).toEqual([]);
    });
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionDocument, PolicyDocument } from '../../provider/schemas.js';
import { capture } from '../support/capture.js';
import { startFlow, startRepeater } from '../support/held-flow.js';
import { exchange, startEcho } from '../support/host-echo.js';
import { ip, ipJson, setSysctls } from '../support/namespace.js';
import { ping } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { createTenantLab, type TenantLab } from '../support/tenant-lab.js';

const TRANSPORTS = ['tcp', 'udp'] as const;
const OUTSIDE_PORT = 7000;
/** Echo server of each VM, and beside it one that holds connections. */
const SERVERS = { blue: 8001, red: 8002, green: 8003 } as const;
const REPEATER_PORT = 9000;
/** What each VM network is translated to; red has an address on either external device. */
const BLUE = '203.0.113.10';
const RED = '203.0.113.11';
const RED_DMZ = '198.51.100.11';
const GREEN = '198.51.100.12';

type Rules = NonNullable<Extract<ConnectionDocument, { type: 'nat' }>['rules']>;

/**
 * Blue and red have equal addresses; blue goes out on `external`, green on `dmz`, red by both, each
 * with external addresses of its own.
 */
describe('NAT connections with an own external address (G2)', () => {
  let lab: TenantLab;

  const rules = (name: keyof typeof SERVERS, externalPort: number): Rules =>
    TRANSPORTS.map((protocol) => ({
      ...{ name: `echo-${protocol}`, protocol, externalPort },
      ...{ internalAddress: lab.tenant(name).customerAddress, internalPort: SERVERS[name] },
    }));
  const held = (externalPort: number): Rules =>
    TRANSPORTS.map((protocol) => ({
      ...{ name: `held-${protocol}`, protocol, externalPort, internalPort: REPEATER_PORT },
      internalAddress: lab.tenant('blue').customerAddress,
    }));
  const policy = (extra: Rules = []): PolicyDocument =>
    lab.policy({
      blue: [
        {
          ...{ id: 'internet', type: 'nat', interface: 'external', externalAddress: BLUE },
          rules: [...rules('blue', 8080), ...held(9090), ...extra],
        },
      ],
      red: [
        {
          ...{ id: 'internet', type: 'nat', externalAddress: RED },
          rules: rules('red', 8080),
        },
        {
          ...{ id: 'dmz', type: 'nat', interface: 'dmz', externalAddress: RED_DMZ },
          routes: [{ destinationPrefix: '198.51.100.0/24' }],
          rules: rules('red', 8088),
        },
      ],
      green: [
        {
          ...{ id: 'dmz', type: 'nat', interface: 'dmz', externalAddress: GREEN },
          routes: [{ destinationPrefix: '198.51.100.0/24' }],
          rules: rules('green', 8080),
        },
      ],
    });

  beforeAll(async () => {
    lab = await createTenantLab({ blue: '192.168.1', red: '192.168.1', green: '192.168.9' });
    await lab.gateway.start();
    await lab.gateway.apply(policy());
    await lab.host.warm('10.1.1.40');
    for (const { host, address } of [lab.external, lab.dmz])
      await startEcho(host, address, OUTSIDE_PORT);
    await startRepeater(lab.external.host, lab.external.address, REPEATER_PORT);
    for (const [name, port] of Object.entries(SERVERS)) {
      const { vm, customerAddress } = lab.tenant(name);
      await startEcho(vm, customerAddress, port);
    }
    const { vm, customerAddress } = lab.tenant('blue');
    await startRepeater(vm, customerAddress, REPEATER_PORT);
  });

  afterAll(cleanUp);

  describe.each(TRANSPORTS)('%s', (transport) => {
    test.each([
      ['blue', 'external', BLUE],
      ['red', 'external', RED],
      ['red', 'dmz', RED_DMZ],
      ['green', 'dmz', GREEN],
    ] as const)('out: from %s the host on %s sees %s', async (name, network, seen) => {
      const { address } = lab[network];
      const { vm } = lab.tenant(name);
      const echo = await exchange(vm, { transport, address, port: OUTSIDE_PORT });
      expect(echo.from.address).toBe(seen);
    });

    test.each([
      ['external', BLUE, 8080, 'blue'],
      ['external', RED, 8080, 'red'],
      ['dmz', RED_DMZ, 8088, 'red'],
      ['dmz', GREEN, 8080, 'green'],
    ] as const)('in: on %s %s port %i leads to %s', async (network, address, port, name) => {
      const { host, address: caller } = lab[network];
      const echo = await exchange(host, { transport, address, port });
      expect(echo).toMatchObject({
        from: { address: caller },
        to: { address: lab.tenant(name).customerAddress, port: SERVERS[name] },
      });
    });

    test.each([
      ['its own published port', 'blue', BLUE, 8080, BLUE, 8001],
      ['that of a VM network with equal addresses', 'blue', RED, 8080, BLUE, 8002],
      ['that of one that calls back', 'red', BLUE, 8080, RED, 8001],
    ] as const)('hairpin: a VM calls %s', async (_, name, address, port, seen, server) => {
      const { vm } = lab.tenant(name);
      const echo = await exchange(vm, { transport, address, port });
      expect(echo).toMatchObject({ from: { address: seen }, to: { port: server } });
    });

    test('a port that no rule names leads nowhere', async () => {
      const call = exchange(lab.external.host, {
        ...{ transport, address: BLUE, port: SERVERS.blue, timeout: 500 },
      });
      await expect(call).rejects.toThrow();
    });
  });

  test.each([
    ['blue', 'external'],
    ['red', 'external'],
    ['red', 'dmz'],
    ['green', 'dmz'],
  ] as const)('ping: from %s to the host on %s', async (name, network) => {
    const result = await ping(lab.tenant(name).vm, lab[network].address);
    expect(result).toMatchObject({ received: 3, errors: [] });
  });

  test.each([
    ['external', BLUE],
    ['external', RED],
    ['dmz', RED_DMZ],
    ['dmz', GREEN],
  ] as const)('ping: from the host on %s to external address %s', async (network, address) => {
    expect(await ping(lab[network].host, address)).toMatchObject({ received: 3, errors: [] });
  });

  describe('ICMP errors', () => {
    beforeAll(async () => {
      // A router: it has no way to one network, and to another one more hop.
      await setSysctls(lab.external.host, { 'net/ipv4/ip_forward': '1' });
      await ip(
        lab.external.host,
        'route add unreachable 198.18.0.0/24',
        'route add 198.18.1.0/24 via 203.0.113.99',
      );
    });

    test('a host outside says unreachable, and the VM hears it', async () => {
      const { errors } = await ping(lab.tenant('blue').vm, '198.18.0.1', { count: 1 });
      expect(errors).toEqual([
        { from: lab.external.address, message: 'Destination Host Unreachable' },
      ]);
    });

    test('traceroute: the gateway shows its address in the subnet, the router outside its own', async () => {
      const { vm, gateway } = lab.tenant('blue');
      const hop = async (ttl: number): Promise<string | undefined> =>
        (await ping(vm, '198.18.1.1', { count: 1, ttl })).errors[0]?.from;
      expect(await hop(1)).toBe(gateway);
      expect(await hop(2)).toBe(lab.external.address);
    });

    test('of a UDP datagram nobody wanted, out and in', async () => {
      const { vm, customerAddress } = lab.tenant('blue');
      for (const [from, device, target, port, source, embedded] of [
        [vm, 'eth0', lab.external.address, 4444, lab.external.address, customerAddress],
        [lab.external.host, 'eth0', BLUE, 9999, BLUE, lab.external.address],
      ] as const) {
        if (from !== vm)
          await lab.gateway.apply(
            policy([
              {
                ...{ name: 'closed', protocol: 'udp', externalPort: 9999, internalPort: 4445 },
                internalAddress: customerAddress,
              },
            ]),
          );
        const unreachable = await capture(from, device, 'icmp[0] == 3 and icmp[1] == 3');
        const call = { transport: 'udp', address: target, port, timeout: 500 } as const;
        await expect(exchange(from, call)).rejects.toThrow();
        const [packet] = await unreachable.waitFor(1);
        await unreachable.stop();
        const address = (offset: number): string =>
          Array.from(packet?.bytes.subarray(offset, offset + 4) ?? []).join('.');
        // Source of the error, then source and destination of the datagram in it.
        expect([address(26), address(54), address(58)]).toEqual([source, embedded, target]);
        const bytes = Buffer.from(packet?.bytes ?? []);
        expect(bytes.readUInt16BE(64)).toBe(port);
      }
    });
  });

  describe('ARP on the external devices', () => {
    const asked = async (network: 'external' | 'dmz', address: string) => {
      const { host } = lab[network];
      await ip(host, 'neighbour flush dev eth0');
      await ping(host, address, { count: 1, wait: 0.2 });
      const rows = await ipJson(host, 'neighbour', 'show', address, 'dev', 'eth0');
      return (rows as { lladdr?: string }[])[0]?.lladdr;
    };
    const macOf = async (device: string) => {
      const rows = await ipJson(lab.namespace, 'link', 'show', device);
      return (rows as { address: string }[])[0]?.address;
    };

    test.each([
      ['external', BLUE],
      ['external', RED],
      ['dmz', RED_DMZ],
      ['dmz', GREEN],
    ] as const)('the gateway answers on %s for %s', async (network, address) => {
      expect(await asked(network, address)).toBe(await macOf(lab[network].device));
    });

    test.each([
      ['external', '203.0.113.12'],
      ['external', '203.0.113.77'],
      ['dmz', '198.51.100.10'],
    ] as const)('nobody answers on %s for %s', async (network, address) => {
      expect(await asked(network, address)).toBeUndefined();
    });

    test('nor for an address of the other device', async () => {
      await ip(
        lab.external.host,
        `route replace ${GREEN} dev eth0`,
        `route replace ${lab.tenant('blue').customerAddress} dev eth0`,
      );
      expect(await asked('external', GREEN)).toBeUndefined();
      expect(await asked('external', lab.tenant('blue').customerAddress)).toBeUndefined();
    });
  });

  test.each(TRANSPORTS)(
    'changing a rule leaves the established %s flows of all others alone',
    async (transport) => {
      const { vm } = lab.tenant('blue');
      const outward = await startFlow(vm, transport, lab.external.address, REPEATER_PORT);
      const inward = await startFlow(lab.external.host, transport, BLUE, 9090);
      const red = await startFlow(
        lab.tenant('red').vm,
        ...([transport, lab.external.address, REPEATER_PORT] as const),
      );
      const flows = [outward, inward, red];
      const [added] = rules('blue', 8085);
      for (const extra of [added === undefined ? [] : [added], []]) {
        await lab.gateway.apply(policy(extra));
        for (const flow of flows) await flow.more(5);
      }
      for (const flow of flows) await flow.stop();
    },
  );
});

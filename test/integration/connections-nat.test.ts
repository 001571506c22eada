import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionDocument, PolicyDocument } from '../../provider/schemas.js';
import { capture } from '../support/capture.js';
import { embeddedIn, FAMILIES, icmpKind, type Family } from '../support/families.js';
import { startFlow, startRepeater } from '../support/held-flow.js';
import { exchange, startEcho } from '../support/host-echo.js';
import { ip, ipJson, setSysctls } from '../support/namespace.js';
import type { CapturedPacket } from '../support/pcap.js';
import { ping } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { addressesOf } from '../support/raw-host-frames.js';
import { createTenantLab, type TenantLab } from '../support/tenant-lab.js';

const TRANSPORTS = ['tcp', 'udp'] as const;
const OUTSIDE_PORT = 7000;
/** Echo server of each VM, and beside it one that holds connections. */
const SERVERS = { blue: 8001, red: 8002, green: 8003 } as const;
type Name = keyof typeof SERVERS;
type Device = 'external' | 'dmz';
const REPEATER_PORT = 9000;
/** What each VM network is translated to; red has an address on either external device. */
const EXTERNAL = {
  IPv4: {
    ...{ blue: '203.0.113.10', red: '203.0.113.11' },
    ...{ redDmz: '198.51.100.11', green: '198.51.100.12' },
  },
  IPv6: {
    ...{ blue: '2001:db8:113::10', red: '2001:db8:113::11' },
    ...{ redDmz: '2001:db8:51::11', green: '2001:db8:51::12' },
  },
} as const;
type ExternalName = keyof (typeof EXTERNAL)['IPv4'];

type Rules = NonNullable<Extract<ConnectionDocument, { type: 'nat' }>['rules']>;

/**
 * Blue and red have equal addresses; blue goes out on `external`, green on `dmz`, red by both, each
 * with external addresses of its own. All of them do so in both families, by a connection for each.
 */
describe('NAT connections with an own external address (G2, N16)', () => {
  let lab: TenantLab;

  const vmOf = ({ pick }: Family, name: Name) => {
    const tenant = lab.tenant(name);
    return { vm: tenant.vm, ...pick(tenant, tenant.ipv6) };
  };
  const network = ({ pick }: Family, device: Device) => ({
    host: lab[device].host,
    ...pick(lab[device], lab[device].ipv6),
  });
  const rules = (family: Family, name: Name, externalPort: number): Rules =>
    TRANSPORTS.map((protocol) => ({
      ...{ name: `echo-${protocol}`, protocol, externalPort },
      ...{ internalAddress: vmOf(family, name).customerAddress, internalPort: SERVERS[name] },
    }));
  const held = (family: Family, externalPort: number): Rules =>
    TRANSPORTS.map((protocol) => ({
      ...{ name: `held-${protocol}`, protocol, externalPort, internalPort: REPEATER_PORT },
      internalAddress: vmOf(family, 'blue').customerAddress,
    }));
  /** @param extra rules of blue, by family */
  const policy = (extra: Partial<Record<Family['name'], Rules>> = {}): PolicyDocument => {
    const connections: Record<Name, ConnectionDocument[]> = { blue: [], red: [], green: [] };
    for (const family of FAMILIES) {
      const id = (name: string): string => family.pick(name, `${name}6`);
      const external = EXTERNAL[family.name];
      const nat = { type: 'nat' as const };
      const dmz = {
        ...{ ...nat, id: id('dmz'), interface: 'dmz' },
        routes: [{ destinationPrefix: network(family, 'dmz').prefix }],
      };
      connections.blue.push({
        ...{ ...nat, id: id('internet'), interface: 'external', externalAddress: external.blue },
        rules: [
          ...rules(family, 'blue', 8080),
          ...held(family, 9090),
          ...(extra[family.name] ?? []),
        ],
      });
      connections.red.push(
        {
          ...{ ...nat, id: id('internet'), externalAddress: external.red },
          rules: rules(family, 'red', 8080),
        },
        { ...dmz, externalAddress: external.redDmz, rules: rules(family, 'red', 8088) },
      );
      connections.green.push({
        ...{ ...dmz, externalAddress: external.green, rules: rules(family, 'green', 8080) },
      });
    }
    return lab.policy(connections);
  };

  beforeAll(async () => {
    lab = await createTenantLab(
      { blue: '192.168.1', red: '192.168.1', green: '192.168.9' },
      {},
      { ipv6: true },
    );
    await lab.gateway.start();
    await lab.gateway.apply(policy());
    await lab.host.warm('10.1.1.40');
    await Promise.all(
      FAMILIES.flatMap((family) => {
        const { host, address } = network(family, 'external');
        const { vm, customerAddress } = vmOf(family, 'blue');
        return [
          startRepeater(host, address, REPEATER_PORT),
          startRepeater(vm, customerAddress, REPEATER_PORT),
          startEcho(host, address, OUTSIDE_PORT),
          startEcho(lab.dmz.host, network(family, 'dmz').address, OUTSIDE_PORT),
          ...(Object.keys(SERVERS) as Name[]).map((name) => {
            const server = vmOf(family, name);
            return startEcho(server.vm, server.customerAddress, SERVERS[name]);
          }),
        ];
      }),
    );
  });

  afterAll(cleanUp);

  describe.each(FAMILIES)('$name', (family) => {
    const external = EXTERNAL[family.name];

    describe.each(TRANSPORTS)('%s', (transport) => {
      test.each<[Name, Device, ExternalName]>([
        ['blue', 'external', 'blue'],
        ['red', 'external', 'red'],
        ['red', 'dmz', 'redDmz'],
        ['green', 'dmz', 'green'],
      ])('out: from %s the host on %s sees the address of %s', async (name, device, seen) => {
        const { address } = network(family, device);
        const { vm } = vmOf(family, name);
        const echo = await exchange(vm, { transport, address, port: OUTSIDE_PORT });
        expect(echo.from.address).toBe(external[seen]);
      });

      test.each<[Device, ExternalName, number, Name]>([
        ['external', 'blue', 8080, 'blue'],
        ['external', 'red', 8080, 'red'],
        ['dmz', 'redDmz', 8088, 'red'],
        ['dmz', 'green', 8080, 'green'],
      ])('in: on %s the address of %s port %i leads to %s', async (device, to, port, name) => {
        const { host, address: caller } = network(family, device);
        const echo = await exchange(host, { transport, address: external[to], port });
        expect(echo).toMatchObject({
          from: { address: caller },
          to: { address: vmOf(family, name).customerAddress, port: SERVERS[name] },
        });
      });

      test.each<[string, Name, ExternalName, number, ExternalName, number]>([
        ['its own published port', 'blue', 'blue', 8080, 'blue', 8001],
        ['that of a VM network with equal addresses', 'blue', 'red', 8080, 'blue', 8002],
        ['that of one that calls back', 'red', 'blue', 8080, 'red', 8001],
      ])('hairpin: a VM calls %s', async (_, name, to, port, seen, server) => {
        const { vm } = vmOf(family, name);
        const echo = await exchange(vm, { transport, address: external[to], port });
        expect(echo).toMatchObject({ from: { address: external[seen] }, to: { port: server } });
      });

      test('a port that no rule names leads nowhere', async () => {
        const call = exchange(network(family, 'external').host, {
          ...{ transport, address: external.blue, port: SERVERS.blue, timeout: 500 },
        });
        await expect(call).rejects.toThrow();
      });
    });

    test.each<[Name, Device]>([
      ['blue', 'external'],
      ['red', 'external'],
      ['red', 'dmz'],
      ['green', 'dmz'],
    ])('ping: from %s to the host on %s', async (name, device) => {
      const result = await ping(vmOf(family, name).vm, network(family, device).address);
      expect(result).toMatchObject({ received: 3, errors: [] });
    });

    test.each<[Device, ExternalName]>([
      ['external', 'blue'],
      ['external', 'red'],
      ['dmz', 'redDmz'],
      ['dmz', 'green'],
    ])('ping: from the host on %s to the address of %s', async (device, to) => {
      const result = await ping(lab[device].host, external[to]);
      expect(result).toMatchObject({ received: 3, errors: [] });
    });

    describe('ICMP errors', () => {
      const unreachable = family.pick('198.18.0', '2001:db8:18:');
      const farther = family.pick('198.18.1', '2001:db8:181:');
      const first = (network: string): string => family.pick(`${network}.1`, `${network}:1`);

      beforeAll(async () => {
        // A router: it has no way to one network, and to another one more hop.
        await setSysctls(lab.external.host, {
          [family.pick('net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding')]: '1',
        });
        const next = family.pick('203.0.113.99', '2001:db8:113::99');
        const whole = (network: string): string => family.pick(`${network}.0/24`, `${network}:/64`);
        await ip(
          lab.external.host,
          `route add unreachable ${whole(unreachable)}`,
          `route add ${whole(farther)} via ${next}`,
        );
      });

      test('a host outside says unreachable, and the VM hears it', async () => {
        const { vm } = vmOf(family, 'blue');
        const { errors } = await ping(vm, first(unreachable), { count: 1 });
        expect(errors).toEqual([
          {
            from: network(family, 'external').address,
            message: family.pick(
              'Destination Host Unreachable',
              'Destination unreachable: No route',
            ),
          },
        ]);
      });

      test('traceroute: the gateway shows its address in the subnet, the router outside its own', async () => {
        const { vm, gateway } = vmOf(family, 'blue');
        const hop = async (ttl: number): Promise<string | undefined> =>
          (await ping(vm, first(farther), { count: 1, ttl })).errors[0]?.from;
        expect(await hop(1)).toBe(gateway);
        expect(await hop(3)).toBe(network(family, 'external').address);
      });

      test('of a UDP datagram nobody wanted, out and in', async () => {
        const { vm, customerAddress } = vmOf(family, 'blue');
        const { host, address: outside } = network(family, 'external');
        for (const [from, target, port, source, embedded] of [
          [vm, outside, 4444, outside, customerAddress],
          [host, external.blue, 9999, external.blue, outside],
        ] as const) {
          if (from !== vm)
            await lab.gateway.apply(
              policy({
                [family.name]: [
                  {
                    ...{ name: 'closed', protocol: 'udp', externalPort: 9999, internalPort: 4445 },
                    internalAddress: customerAddress,
                  },
                ],
              }),
            );
          const errors = await capture(from, 'eth0', family.icmpFilter, { direction: 'in' });
          const call = { transport: 'udp', address: target, port, timeout: 500 } as const;
          await expect(exchange(from, call)).rejects.toThrow();
          const isError = (packet: CapturedPacket): boolean =>
            icmpKind(family, ipPacket(packet)) === family.icmp.portUnreachable;
          const [packet] = await errors.waitFor(1, isError);
          await errors.stop();
          const error = ipPacket(packet);
          const about = embeddedIn(family, error);
          expect(addressesOf(error)[0]).toBe(source);
          expect(addressesOf(about)).toEqual([embedded, target]);
          expect(about.readUInt16BE(family.header + 2)).toBe(port);
        }
      });
    });

    describe('neighbours on the external devices', () => {
      const asked = async (device: Device, address: string) => {
        const { host } = lab[device];
        await ip(host, 'neighbour flush dev eth0');
        await ping(host, address, { count: 1, wait: 0.2 });
        const rows = await ipJson(host, 'neighbour', 'show', address, 'dev', 'eth0');
        return (rows as { lladdr?: string }[])[0]?.lladdr;
      };
      const macOf = async (device: string) => {
        const rows = await ipJson(lab.namespace, 'link', 'show', device);
        return (rows as { address: string }[])[0]?.address;
      };

      test.each<[Device, ExternalName]>([
        ['external', 'blue'],
        ['external', 'red'],
        ['dmz', 'redDmz'],
        ['dmz', 'green'],
      ])('the gateway answers on %s for the address of %s', async (device, name) => {
        expect(await asked(device, external[name])).toBe(await macOf(lab[device].device));
      });

      test.each<[Device, string]>([
        ['external', family.pick('203.0.113.12', '2001:db8:113::12')],
        ['external', family.pick('203.0.113.77', '2001:db8:113::77')],
        ['dmz', family.pick('198.51.100.10', '2001:db8:51::10')],
      ])('nobody answers on %s for %s', async (device, address) => {
        expect(await asked(device, address)).toBeUndefined();
      });

      test('nor for an address of the other device', async () => {
        const { customerAddress } = vmOf(family, 'blue');
        await ip(
          lab.external.host,
          ...[external.green, customerAddress].map(
            (address) => `route replace ${address} dev eth0`,
          ),
        );
        expect(await asked('external', external.green)).toBeUndefined();
        expect(await asked('external', customerAddress)).toBeUndefined();
      });
    });

    test.each(TRANSPORTS)(
      'changing a rule leaves the established %s flows of all others alone',
      async (transport) => {
        const { vm } = vmOf(family, 'blue');
        const { host, address } = network(family, 'external');
        const flows = [
          await startFlow(vm, transport, address, REPEATER_PORT),
          await startFlow(host, transport, external.blue, 9090),
          await startFlow(vmOf(family, 'red').vm, transport, address, REPEATER_PORT),
        ];
        const [added] = rules(family, 'blue', 8085);
        for (const extra of [added === undefined ? [] : [added], []]) {
          await lab.gateway.apply(policy({ [family.name]: extra }));
          for (const flow of flows) await flow.more(5);
        }
        for (const flow of flows) await flow.stop();
      },
    );
  });
});

/** What a frame without tags carries. */
function ipPacket(packet: CapturedPacket | undefined): Buffer {
  return Buffer.from(packet?.bytes ?? []).subarray(14);
}

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { macOf } from '../bench/topology/quiet-namespace.js';
import { createGateway, type Gateway } from '../support/gateway.js';
import { exchange, startEcho } from '../support/host-echo.js';
import { runIn, type Namespace } from '../support/namespace.js';
import { ping } from '../support/ping.js';
import type { Background } from '../support/process.js';
import { createRewritingNve } from '../support/rewriting-nve.js';
import { createGatewayNamespace } from '../support/scene.js';
import { TENANTS } from '../support/scene-plan.js';
import { transfer } from '../support/tcp-transfer.js';
import { createSegment, switchOffloadsOff } from '../support/topology.js';
import { refusalOf } from '../support/udp-refusal.js';
import { countVerdicts, type VerdictCounts } from '../support/verdict-counts.js';

const GATEWAY = '10.1.1.40';
const GATEWAY_MAC = '10-10-10-10-10-01';
const FIRST_VSID = 5000;

const FIRST = {
  ...{ vsid: 5001, network: '192.168.1', customerAddress: '192.168.1.101' },
  ...{ providerAddress: '10.1.1.61', macAddress: '00-15-5D-00-01-01' },
};
const SECOND = {
  ...{ vsid: 5002, network: '192.168.2', customerAddress: '192.168.2.102' },
  ...{ providerAddress: '10.1.1.62', macAddress: '00-15-5D-00-01-02' },
};
type Plan = typeof FIRST;

const BYTES = 8_000_000;
/** The most of a TCP stream that a packet of 1458 bytes carries. */
const SEGMENT = 1418;

const PORT = 7;
const REFUSED_PORT = 11;
const REJECTED_PORT = 12;

/**
 * What one sends reaches the gateway in NVGRE and leaves it rewritten; the kernels of the hosts, which keep
 * track of connections, tell whether it is right.
 */
describe('N13: two VMs with records of rule nat, on hosts that rewrite', () => {
  let namespace: Namespace;
  let gateway: Gateway;
  let first: Namespace;
  let second: Namespace;
  let servers: Background[];
  let counted: () => Promise<VerdictCounts>;

  beforeAll(async () => {
    const underlay = await createSegment('underlay');
    const external = await createSegment('external');
    namespace = await createGatewayNamespace(underlay, external, false);
    const nvgreGateway = {
      providerAddress: GATEWAY,
      underlayMac: await macOf(namespace, 'underlay'),
      macAddress: GATEWAY_MAC,
    };
    const createVm = async (label: string, vm: Plan, peer: Plan): Promise<Namespace> => {
      const places = { label, segment: underlay, vm, peer, gateway: `${vm.network}.1` };
      return (await createRewritingNve({ ...places, firstVsid: FIRST_VSID, nvgreGateway })).vm;
    };
    first = await createVm('first', FIRST, SECOND);
    second = await createVm('second', SECOND, FIRST);
    gateway = createGateway(namespace);
    await gateway.start();
    // VSID 0 has what the routing domain's kernel says about IPv6 groups.
    counted = countVerdicts(gateway, (vsid) => vsid !== 0);
    await gateway.apply({
      apiVersion: 'nvgate/v1',
      providerAddresses: [{ address: GATEWAY, prefixLength: 24, interface: 'underlay' }],
      routingDomains: [
        {
          id: TENANTS.blue.routingDomain,
          virtualSubnets: [FIRST, SECOND].map(({ vsid, network }) => ({
            ...{ vsid, prefixes: [`${network}.0/24`] },
            gateway: { address: `${network}.1`, macAddress: GATEWAY_MAC },
          })),
          lookupRecords: [FIRST, SECOND].map(
            ({ vsid, customerAddress, providerAddress, macAddress }) => ({
              ...{ vsid, customerAddress, providerAddress, macAddress, rule: 'nat' as const },
            }),
          ),
        },
      ],
    });
    servers = await Promise.all([
      startEcho(first, FIRST.customerAddress, PORT),
      startEcho(second, SECOND.customerAddress, PORT),
    ]);
    for (const vm of [first, second]) await runIn(vm, 'nft', [REJECTING]);
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await gateway.remove();
  });

  beforeEach(async () => {
    await counted();
  });

  describe.each([
    ['the first', 'the second', SECOND, FIRST, () => [first, second] as const],
    ['the second', 'the first', FIRST, SECOND, () => [second, first] as const],
  ])('%s calls %s', (_, __, callee, caller, ends) => {
    const { customerAddress: address } = callee;

    it('pings, in pieces as well', async () => {
      const [client] = ends();
      expect(await ping(client, address)).toMatchObject({ received: 3, errors: [] });
      expect(await counted()).toEqual({ rewritten: 6 });
      const whole = { payloadBytes: 4000 };
      expect(await ping(client, address, whole)).toMatchObject({ received: 3, errors: [] });
      expect(Object.keys(await counted())).toEqual(['rewritten']);
    });

    it.each(['tcp', 'udp'] as const)('%s between customer addresses', async (transport) => {
      const [client] = ends();
      const { from, to } = await exchange(client, { transport, address, port: PORT });
      expect(from.address).toBe(caller.customerAddress);
      expect(to.address).toBe(address);
      expect(Object.keys(await counted())).toEqual(['rewritten']);
    });

    it('8 MB each way, in packets that are still to be segmented', async () => {
      await expectTransfer(ends(), address);
      const { rewritten = 0, ...others } = await counted();
      expect(others).toEqual({});
      expect(rewritten).toBeLessThan((2 * BYTES) / SEGMENT);
    });

    it('brings ICMP errors to the socket whose packet they are about', async () => {
      const [client] = ends();
      expect(await refusalOf(client, address, REFUSED_PORT)).toBe('ECONNREFUSED');
      const rejected = { transport: 'tcp', address, port: REJECTED_PORT } as const;
      await expect(exchange(client, rejected)).rejects.toThrow('EHOSTUNREACH');
      expect(await ping(client, address, { payloadBytes: 1000, count: 1 })).toMatchObject({
        received: 0,
        errors: [{ from: address, message: 'Packet filtered' }],
      });
      expect(Object.keys(await counted())).toEqual(['rewritten']);
    });

    it('hears of a used up TTL from the gateway, in NVGRE', async () => {
      const [client] = ends();
      expect(await ping(client, address, { ttl: 1, count: 1 })).toMatchObject({
        errors: [{ from: `${caller.network}.1`, message: 'Time to live exceeded' }],
      });
      expect(await counted()).toMatchObject({ decapsulated: 1, encapsulated: 1 });
    });
  });

  it('8 MB each way where the gateway’s kernel does what its device does not', async () => {
    await switchOffloadsOff(namespace, 'underlay');
    await expectTransfer([first, second], SECOND.customerAddress);
    expect(Object.keys(await counted())).toEqual(['rewritten']);
  });

  it('8 MB each way out of segments that the gateway’s kernel puts together', async () => {
    for (const vm of [first, second]) await switchOffloadsOff(vm, 'eth0');
    await runIn(namespace, 'ethtool', ['-K', 'underlay', 'gro', 'on']);
    await expectTransfer([first, second], SECOND.customerAddress);
    expect(Object.keys(await counted())).toEqual(['rewritten']);
  });

  async function expectTransfer(
    [client, server]: readonly [Namespace, Namespace],
    address: string,
  ): Promise<void> {
    const call = { client, server, address, port: 5001, bytes: BYTES };
    const ends = await transfer({ ...call, content: `to ${address}` });
    expect(ends.server.received).toBe(ends.client.sent);
    expect(ends.client.received).toBe(ends.server.sent);
  }
});

/** Errors about TCP and about ICMP: an echo request of 1000 bytes is 1028 long. */
const REJECTING = [
  'table ip vm { chain in { type filter hook input priority 0;',
  `tcp dport ${REJECTED_PORT} reject with icmp type host-unreachable;`,
  'icmp type echo-request ip length 1028 reject with icmp type admin-prohibited; }; }',
].join(' ');

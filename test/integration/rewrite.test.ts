import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LookupRecordDocument, PolicyDocument } from '../../provider/schemas.js';
import { namespaceName } from '../../src/dataplane/linux/names.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { createGateway, type Gateway } from '../support/gateway.js';
import { exchange, startEcho } from '../support/host-echo.js';
import { createHost } from '../support/host.js';
import { foreignNamespace, type Namespace } from '../support/namespace.js';
import { ping } from '../support/ping.js';
import type { Background } from '../support/process.js';
import { createRewritingHost } from '../support/rewriting-host.js';
import { createGatewayNamespace } from '../support/scene.js';
import { TENANTS } from '../support/scene-plan.js';
import { transfer } from '../support/tcp-transfer.js';
import { createSegment } from '../support/topology.js';
import { refusalOf } from '../support/udp-refusal.js';
import { countVerdicts, type VerdictCounts } from '../support/verdict-counts.js';

const BLUE = TENANTS.blue.routingDomain;
const VSID = 5001;

/** The gateway's own, in the virtual subnet; its PA is the one that NVGRE comes to as well. */
const OWN = { customerAddress: '192.168.1.250', providerAddress: '10.1.1.40' };
/** Behind a host that rewrites. */
const VM = { customerAddress: '192.168.1.102', providerAddress: '10.1.1.30' };
/** A machine that has the PA itself, and needs no host. */
const PLAIN = { customerAddress: '192.168.1.150', providerAddress: '10.1.1.50' };
/** In NVGRE, as the seed's example 3 mixes them; nobody is there. */
const TUNNELLED = { customerAddress: '192.168.1.160', providerAddress: '10.1.1.60' };
/** The PA is another routing domain's. */
const STRANGER = { customerAddress: '192.168.1.170', providerAddress: '10.1.1.70' };

const PORT = 7;

function record(
  { customerAddress, providerAddress }: typeof VM,
  rule: 'nat' | 'encap',
  vsid = VSID,
): LookupRecordDocument {
  const last = customerAddress.split('.')[3]?.padStart(4, '0') ?? '';
  const macAddress = `00-15-5D-00-${last.slice(0, 2)}-${last.slice(2)}`;
  return { vsid, customerAddress, macAddress, providerAddress, rule, type: 'static' };
}

const POLICY: PolicyDocument = {
  apiVersion: 'nvgate/v1',
  providerAddresses: [{ address: '10.1.1.40', prefixLength: 24, interface: 'underlay' }],
  routingDomains: [
    {
      id: BLUE,
      virtualSubnets: [{ vsid: VSID, prefixes: ['192.168.1.0/24'] }],
      lookupRecords: [
        ...[OWN, VM, PLAIN].map((each) => record(each, 'nat')),
        record(TUNNELLED, 'encap'),
      ],
    },
    {
      id: TENANTS.red.routingDomain,
      virtualSubnets: [{ vsid: 6001, prefixes: ['192.168.1.0/24'] }],
      lookupRecords: [record(STRANGER, 'nat', 6001)],
    },
  ],
};

describe('N13: IP Rewrite between the gateway’s own address and records of rule nat', () => {
  let gateway: Gateway;
  let domain: Namespace;
  let vm: Namespace;
  let plain: Namespace;
  let stranger: Namespace;
  let servers: Background[];
  let counted: () => Promise<VerdictCounts>;

  beforeAll(async () => {
    const underlay = await createSegment('underlay');
    const external = await createSegment('external');
    const segment = { segment: underlay, device: 'uplink' };
    ({ vm } = await createRewritingHost({
      ...{ label: 'rewriting', segment: underlay, vm: VM, peer: OWN, gateway: '192.168.1.1' },
    }));
    plain = await createHost({ label: 'plain', ...segment, addresses: ['10.1.1.50/24'] });
    stranger = await createHost({ label: 'stranger', ...segment, addresses: ['10.1.1.70/24'] });
    const namespace = await createGatewayNamespace(underlay, external, false);
    gateway = createGateway(namespace);
    await gateway.start();
    counted = countVerdicts(gateway, (vsid) => vsid === VSID);
    await gateway.apply(POLICY);
    domain = foreignNamespace(namespaceName(gateway.instance, RoutingDomainId(BLUE)));
    servers = await Promise.all([
      startEcho(vm, VM.customerAddress, PORT),
      startEcho(plain, PLAIN.providerAddress, PORT),
      startEcho(domain, OWN.customerAddress, PORT),
    ]);
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await gateway.remove();
  });

  beforeEach(async () => {
    await counted();
  });

  it('carries pings both ways, without NVGRE', async () => {
    for (const [from, to] of [
      [domain, VM.customerAddress],
      [vm, OWN.customerAddress],
      [domain, PLAIN.customerAddress],
      [plain, OWN.providerAddress],
    ] as const)
      expect(await ping(from, to, { count: 2 })).toMatchObject({ received: 2, errors: [] });
    expect(await counted()).toEqual({ rewritten: 8, restored: 8 });
  });

  it.each(['tcp', 'udp'] as const)(
    'carries %s both ways, each end with its own addresses',
    async (transport) => {
      const call = { transport, port: PORT };
      const toVm = await exchange(domain, { ...call, address: VM.customerAddress });
      expect(toVm.from.address).toBe(OWN.customerAddress);
      expect(toVm.to.address).toBe(VM.customerAddress);
      const fromVm = await exchange(vm, { ...call, address: OWN.customerAddress });
      expect(fromVm.from.address).toBe(VM.customerAddress);
      expect(fromVm.to.address).toBe(OWN.customerAddress);
      const toPlain = await exchange(domain, { ...call, address: PLAIN.customerAddress });
      expect(toPlain.from.address).toBe(OWN.providerAddress);
      const fromPlain = await exchange(plain, { ...call, address: OWN.providerAddress });
      expect(fromPlain.from.address).toBe(PLAIN.customerAddress);
      expect(Object.keys(await counted()).sort()).toEqual(['restored', 'rewritten']);
    },
  );

  it.each([
    ['the VM', VM.customerAddress, () => vm, VM.customerAddress],
    ['a machine with the PA itself', PLAIN.customerAddress, () => plain, PLAIN.providerAddress],
  ])('moves 4 MB each way with %s, to the byte', async (_, address, server, listens) => {
    const content = `rewritten ${address}`;
    const { client, server: end } = await transfer({
      ...{ client: domain, address, port: 5001, server: server(), bytes: 4_000_000, content },
      listens: { address: listens, port: 5001 },
    });
    expect(end.received).toBe(client.sent);
    expect(client.received).toBe(end.sent);
    expect(Object.keys(await counted()).sort()).toEqual(['restored', 'rewritten']);
  });

  it('carries fragments', async () => {
    const whole = { count: 2, payloadBytes: 4000 };
    expect(await ping(domain, VM.customerAddress, whole)).toMatchObject({ received: 2 });
    expect(await ping(vm, OWN.customerAddress, whole)).toMatchObject({ received: 2 });
    expect(Object.keys(await counted()).sort()).toEqual(['restored', 'rewritten']);
  });

  it('brings ICMP errors to the socket whose packet they are about', async () => {
    expect(await refusalOf(domain, VM.customerAddress, 9)).toBe('ECONNREFUSED');
    expect(await refusalOf(vm, OWN.customerAddress, 9)).toBe('ECONNREFUSED');
    expect(await refusalOf(domain, PLAIN.customerAddress, 9)).toBe('ECONNREFUSED');
    expect(await refusalOf(plain, OWN.providerAddress, 9)).toBe('ECONNREFUSED');
    expect(Object.keys(await counted()).sort()).toEqual(['restored', 'rewritten']);
  });

  it('encapsulates for a record of rule encap, and from an address without one', async () => {
    const once = { count: 1, wait: 0.2 };
    await ping(domain, TUNNELLED.customerAddress, once);
    expect(await counted()).toEqual({ encapsulated: 1 });
    await ping(domain, VM.customerAddress, { ...once, source: '192.168.1.1' });
    expect(await counted()).toEqual({ encapsulated: 1 });
  });

  it('gives the routing domain nothing of others; the gateway itself answers them', async () => {
    expect(await ping(stranger, OWN.providerAddress, { count: 2 })).toMatchObject({ received: 2 });
    await expect(
      exchange(stranger, { transport: 'tcp', address: OWN.providerAddress, port: PORT }),
    ).rejects.toThrow('ECONNREFUSED');
    expect(await counted()).toEqual({});
  });

  it('is explained by trace', async () => {
    const at = ['--vsid', String(VSID), '--from', VM.customerAddress, '--to'];
    const { outcome } = JSON.parse(
      await gateway.nvgate(['trace', ...at, PLAIN.customerAddress, '-o', 'json']),
    ) as { outcome: Record<string, unknown> };
    expect(outcome).toMatchObject({
      verdict: 'rewritten',
      sourceProviderAddress: VM.providerAddress,
      providerAddress: PLAIN.providerAddress,
    });
    expect(await gateway.nvgate(['trace', ...at, OWN.customerAddress])).toContain('restored');
    expect(await gateway.nvgate(['trace', ...at, TUNNELLED.customerAddress])).toContain(
      'hairpinned',
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../../../provider/schemas.js';
import { formatPolicy, judgePolicy, translatePolicy } from '../../../provider/translate/index.js';
import type { Connection } from '../../../src/model/connection.js';
import type { RoutingDomain } from '../../../src/model/routing-domain.js';
import { ENVIRONMENT } from '../../support/policy-builder.js';
import { examplePolicy } from './harness.js';
import { remoteDocument, withoutSecrets } from './remote-documents.js';

const DEVICES = { underlay: ['underlay'], external: ['external', 'internet'] };

function translate(document: unknown): ReturnType<typeof translatePolicy> {
  return translatePolicy(document, DEVICES);
}

function onlyDomain(document: Omit<NonNullable<PolicyDocument['routingDomains']>[number], 'id'>) {
  const id = '11111111-2222-3333-4444-000000005001';
  return { apiVersion: 'nvgate/v1', routingDomains: [{ id, ...document }] } as const;
}

function domainOf(document: unknown): RoutingDomain {
  const { policy, problems } = translate(document);
  expect(problems).toEqual([]);
  const [domain] = policy.routingDomains.values();
  if (domain === undefined) throw new Error('no routing domain');
  return domain;
}

describe('defaults', () => {
  it('of a lookup record: encap, and static or the wildcard', () => {
    const common = { vsid: 5001, macAddress: '00155D011404', providerAddress: '10.1.1.20' };
    const { lookupRecords } = domainOf(
      onlyDomain({
        lookupRecords: [
          { ...common, customerAddress: '192.168.1.5' },
          { ...common, customerAddress: '0.0.0.0' },
          { ...common, customerAddress: '::' },
          { ...common, customerAddress: '::1', rule: 'nat', type: 'dynamic' },
        ],
      }),
    );
    expect([...lookupRecords.values()].map(({ rule, type }) => `${rule} ${type}`)).toEqual([
      'encap static',
      'encap gatewayWildcard',
      'encap gatewayWildcard',
      'nat dynamic',
    ]);
  });

  it('of a NAT connection: everywhere, in the family of its address; none is none', () => {
    const nat = { type: 'nat' } as const;
    const { connections } = domainOf(
      onlyDomain({
        connections: [
          { ...nat, id: 'a', externalAddress: '203.0.113.10' },
          { ...nat, id: 'b', externalAddress: '2001:db8::1' },
          { ...nat, id: 'c', externalAddress: '203.0.113.11', routes: [], interface: 'internet' },
        ],
      }),
    );
    const shown = [...connections.values()].map((connection: Connection) => ({
      device: connection.interface,
      routes: connection.routes,
    }));
    expect(shown).toEqual([
      { device: 'external', routes: [{ destinationPrefix: { address: 0, length: 0 }, metric: 0 }] },
      {
        device: 'external',
        routes: [{ destinationPrefix: { address: 0n, length: 0 }, metric: 0 }],
      },
      { device: 'internet', routes: [] },
    ]);
  });

  it('leaves a connection without a device where none is configured', () => {
    const document = onlyDomain({ connections: [{ id: 'a', type: 'routed', routes: [] }] });
    const { policy } = translatePolicy(document, { underlay: [], external: [] });
    const [domain] = policy.routingDomains.values();
    expect([...(domain?.connections.values() ?? [])]).toEqual([
      { id: 'a', type: 'routed', routes: [] },
    ]);
  });
});

describe('objects that are there twice', () => {
  it('are named by their place, whatever way they are written', () => {
    const record = { vsid: 5001, macAddress: '00155D011404', providerAddress: '10.1.1.20' };
    const document = {
      ...onlyDomain({
        lookupRecords: [
          { ...record, customerAddress: '2001:db8::1' },
          { ...record, customerAddress: '2001:db8::2' },
          { ...record, customerAddress: '2001:DB8:0::1' },
          { ...record, customerAddress: '2001:db8::2' },
        ],
        connections: [
          {
            id: 'a',
            type: 'routed',
            routes: [
              { destinationPrefix: '10.0.0.0/8' },
              { destinationPrefix: '10.0.0.0/8', metric: 3 },
            ],
          },
        ],
      }),
      providerAddresses: [
        { address: '10.1.1.40', prefixLength: 24 },
        { address: '10.1.1.40', prefixLength: 16 },
      ],
    };
    const { problems } = translate(document);
    expect(problems.map(({ path, code, message }) => [path, code, message])).toEqual([
      ['/providerAddresses/1', 'duplicate', expect.stringContaining('/providerAddresses/0')],
      [
        '/routingDomains/0/lookupRecords/2',
        'duplicate',
        expect.stringContaining('/lookupRecords/0'),
      ],
      [
        '/routingDomains/0/lookupRecords/3',
        'duplicate',
        expect.stringContaining('/lookupRecords/1'),
      ],
      [
        '/routingDomains/0/connections/0/routes/1',
        'duplicate',
        expect.stringContaining('10.0.0.0/8'),
      ],
    ]);
  });

  it('are found in time however many there are', () => {
    const lookupRecords = Array.from({ length: 40_000 }, (_, i) => ({
      vsid: 5001,
      customerAddress: `10.0.${(i % 20_000) >> 8}.${(i % 20_000) & 255}`,
      macAddress: '00155D011404',
      providerAddress: '10.1.1.20',
    }));
    expect(translate(onlyDomain({ lookupRecords })).problems).toHaveLength(20_000);
  });
});

describe('locate', () => {
  it('gives the place of every object, also behind ones that could not be read', () => {
    const document = examplePolicy();
    const [blue] = document.routingDomains ?? [];
    blue?.lookupRecords?.unshift({} as never);
    const { policy, locate } = translate(document);
    const [domain] = policy.routingDomains.values();
    if (domain === undefined) throw new Error('no routing domain');
    const places = [
      ...policy.providerAddresses.values(),
      ...policy.providerRoutes.values(),
      domain,
      domain.head,
      ...domain.lookupRecords.values(),
      ...domain.connections.values(),
    ].map(locate);
    expect(places).toEqual([
      '/providerAddresses/0',
      '/providerRoutes/0',
      '/routingDomains/0',
      '/routingDomains/0',
      '/routingDomains/0/lookupRecords/1',
      '/routingDomains/0/lookupRecords/2',
      '/routingDomains/0/connections/0',
    ]);
    expect(locate({})).toBeUndefined();
  });
});

describe('judgePolicy', () => {
  function judge(document: unknown): [string, string][] {
    const { errors } = judgePolicy(translate(document), ENVIRONMENT);
    return errors.map(({ path, code }) => [path, code]);
  }

  it('keeps back what may only follow from an object that could not be read', () => {
    const document = examplePolicy();
    Object.assign(document.routingDomains?.[0]?.virtualSubnets?.[0] ?? {}, {
      prefixes: ['192.168.1.5/24'],
    });
    Object.assign(document.routingDomains?.[1]?.lookupRecords?.[0] ?? {}, { vsid: 6009 });
    expect(judge(document)).toEqual([
      ['/routingDomains/0/virtualSubnets/0/prefixes/0', 'invalidPrefix'],
      ['/routingDomains/1/lookupRecords/0/vsid', 'unknownVirtualSubnet'],
    ]);
  });

  it('has nothing to say of a policy that is right', () => {
    expect(judge(examplePolicy())).toEqual([]);
  });
});

/** Documents in the form that `formatPolicy` writes. */
const octet = fc.integer({ min: 0, max: 255 });
const ipv4 = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));
const ipv6 = fc
  .array(fc.integer({ min: 1, max: 0xffff }), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((group) => group.toString(16)).join(':'));
const address = fc.oneof(ipv4, ipv6);
const prefix = fc.oneof(
  ipv4.map((text) => `${text}/32`),
  ipv6.map((text) => `${text}/128`),
  octet.map((first) => `${first}.0.0.0/8`),
);
const mac = fc
  .array(octet, { minLength: 6, maxLength: 6 })
  .map((bytes) => bytes.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('-'));
const vsid = fc.integer({ min: 4097, max: 16_777_214 });
const metric = fc.integer({ min: 0, max: 65_535 });
const port = fc.integer({ min: 1, max: 65_535 });
const name = fc.string({ minLength: 1, maxLength: 20 });
const connectionId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
const routes = fc.uniqueArray(fc.record({ destinationPrefix: prefix, metric }), {
  selector: (route) => route.destinationPrefix,
  maxLength: 3,
});
const nat = fc.record({
  id: connectionId,
  interface: fc.constantFrom('external', 'internet'),
  type: fc.constant('nat' as const),
  externalAddress: address,
  rules: fc.array(
    fc.record({
      name,
      protocol: fc.constantFrom('tcp' as const, 'udp' as const),
      externalPort: port,
      internalAddress: address,
      internalPort: port,
    }),
    { maxLength: 2 },
  ),
  routes,
});
const routed = fc.record(
  {
    id: connectionId,
    interface: fc.constant('external'),
    type: fc.constant('routed' as const),
    routes,
    tcpMssClamping: fc.constantFrom('pathMtu' as const, 536, 65_495),
  },
  { requiredKeys: ['id', 'interface', 'type', 'routes'] },
);
const remote = remoteDocument.map(withoutSecrets);
const optional = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { requiredKeys: [] });
const domain = fc
  .tuple(
    fc.record({ id: fc.uuid() }),
    optional({ name, providerAddress: ipv4 }),
    fc.record({
      virtualSubnets: fc.uniqueArray(
        fc
          .tuple(
            fc.record({ vsid, prefixes: fc.array(prefix, { minLength: 1, maxLength: 3 }) }),
            optional({
              gateway: fc.oneof(fc.record({ address }), fc.record({ address, macAddress: mac })),
            }),
          )
          .map(([subnet, gateway]) => ({ ...subnet, ...gateway })),
        { selector: (subnet) => subnet.vsid, maxLength: 3 },
      ),
      lookupRecords: fc.uniqueArray(
        fc
          .tuple(
            fc.record({
              vsid,
              customerAddress: address,
              macAddress: mac,
              providerAddress: ipv4,
              rule: fc.constantFrom('encap' as const, 'nat' as const),
              type: fc.constantFrom(
                'static' as const,
                'dynamic' as const,
                'l2only' as const,
                'gatewayWildcard' as const,
              ),
            }),
            optional({ vmName: name }),
          )
          .map(([record, vm]) => ({ ...record, ...vm })),
        { selector: (record) => `${record.vsid} ${record.customerAddress}`, maxLength: 4 },
      ),
      customerRoutes: fc.uniqueArray(
        fc.record({ vsid, destinationPrefix: prefix, nextHop: address, metric }),
        {
          selector: (route) => `${route.vsid} ${route.destinationPrefix} ${route.nextHop}`,
          maxLength: 3,
        },
      ),
      connections: fc.uniqueArray(fc.oneof(nat, routed, remote), {
        selector: (connection) => connection.id,
        maxLength: 3,
      }),
    }),
  )
  .map(([id, head, lists]) => ({ ...id, ...head, ...lists }));
const policy = fc.record({
  apiVersion: fc.constant('nvgate/v1' as const),
  providerAddresses: fc.uniqueArray(
    fc.record({
      address: ipv4,
      prefixLength: fc.integer({ min: 0, max: 32 }),
      interface: fc.constant('underlay'),
    }),
    { selector: (record) => record.address, maxLength: 3 },
  ),
  providerRoutes: fc.uniqueArray(fc.record({ destinationPrefix: prefix, nextHop: ipv4, metric }), {
    selector: (route) => `${route.destinationPrefix} ${route.nextHop}`,
    maxLength: 3,
  }),
  routingDomains: fc.uniqueArray(domain, { selector: ({ id }) => id, maxLength: 3 }),
});

describe('a document in canonical form', () => {
  it('comes back from the model as it was', () => {
    fc.assert(
      fc.property(policy, (document: PolicyDocument) => {
        const { policy: model, problems } = translate(document);
        expect(problems).toEqual([]);
        expect(formatPolicy(model)).toEqual(document);
      }),
      { numRuns: 200 },
    );
  });
});

describe('any JSON at all', () => {
  it('gets problems with paths into it, never an exception', () => {
    const noise = fc.oneof({ depthSize: 'small' }, fc.jsonValue(), policy);
    fc.assert(
      fc.property(policy, noise, fc.nat(), (document, junk, seed) => {
        const broken = replaceSomewhere(structuredClone(document), junk, seed);
        const { problems } = translate(broken);
        for (const { path, message } of problems) {
          expect(message).not.toBe('');
          expect(parentExists(broken, path)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Puts `junk` in the place of one value of the document, chosen by `seed`. */
function replaceSomewhere(document: unknown, junk: unknown, seed: number): unknown {
  const places: [object, string][] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      places.push([value, key]);
      collect(item);
    }
  };
  collect(document);
  const place = places[seed % places.length];
  if (place === undefined) return junk;
  Object.assign(place[0], { [place[1]]: junk });
  return document;
}

function parentExists(document: unknown, path: string): boolean {
  let value = document;
  for (const part of path.split('/').slice(1, -1)) {
    if (typeof value !== 'object' || value === null) return false;
    value = (value as Record<string, unknown>)[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return path === '' || (typeof value === 'object' && value !== null);
}

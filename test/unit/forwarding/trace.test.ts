import { describe, expect, it } from 'vitest';
import type { RouteChoice, UpTunnels } from '../../../src/forwarding/route-choice.js';
import { trace } from '../../../src/forwarding/trace.js';
import type { TraceQuery, TraceResult } from '../../../src/forwarding/trace-result.js';
import { CustomerAddress } from '../../../src/model/addresses.js';
import { ConnectionId, type Connection } from '../../../src/model/connection.js';
import { customerRouteKey, type CustomerRoute } from '../../../src/model/customer-route.js';
import type { RoutingDomain } from '../../../src/model/routing-domain.js';
import { RoutingDomainId } from '../../../src/model/routing-domain-id.js';
import type { TcpMss } from '../../../src/model/tcp-mss.js';
import { Vsid } from '../../../src/model/vsid.js';
import { formatIp, parseIp } from '../../../src/net/ip.js';
import { formatMac } from '../../../src/net/mac.js';
import { formatPrefix, parsePrefix } from '../../../src/net/prefix.js';
import { loadPacketFixtures } from '../../support/packet-fixtures.js';
import { ikev2 } from '../../support/remote-connections.js';

const { tables } = loadPacketFixtures();
const BLUE = RoutingDomainId('11111111-2222-3333-4444-000000005001');

const CUSTOMER_ROUTES = [
  customerRoute('192.168.1.0/24', '0.0.0.0', 255),
  customerRoute('10.20.0.0/16', '10.20.5.5', 20),
  customerRoute('192.168.1.255/32', '239.0.1.1', 0),
  // Through the gateway itself, and through a router that has no record: neither leads on.
  customerRoute('0.0.0.0/0', '192.168.2.250', 0),
  customerRoute('203.0.113.0/24', '192.168.1.66', 0),
];

const INTERNET = nat('internet', '203.0.113.10', ['0.0.0.0/0', 0]);
const CORP = routed('corp', ['192.168.101.0/24', 10]);

/** The policy that the tables of the packet fixtures could be compiled from, as far as trace reads it. */
function blue(...connections: Connection[]): ReadonlyMap<RoutingDomainId, RoutingDomain> {
  const subnet = (vsid: number, ...prefixes: string[]) =>
    [Vsid(vsid), { vsid: Vsid(vsid), prefixes: prefixes.map(parsePrefix), gateway: {} }] as const;
  const domain: RoutingDomain = {
    head: { id: BLUE, name: 'blue' },
    virtualSubnets: new Map([
      subnet(5001, '192.168.1.0/24', '2001:db8:1::/64'),
      subnet(5002, '192.168.2.0/24', '2001:db8:2::/64'),
      subnet(5003, '192.168.3.0/24'),
    ]),
    lookupRecords: new Map(),
    customerRoutes: new Map(CUSTOMER_ROUTES.map((route) => [customerRouteKey(route), route])),
    connections: new Map(connections.map((connection) => [connection.id, connection])),
  };
  return new Map([[BLUE, domain]]);
}

describe('trace', () => {
  it('explains VM to VM: record to record, across VSIDs', () => {
    const result = run('192.168.1.101', '192.168.2.102');
    expect(summary(result)).toBe(
      'hairpinned by record: 5002, 10.1.1.40 -> 10.1.1.21, 00-15-5D-14-3C-02 -> 00-15-5D-01-15-05, underlay',
    );
    expect(result.steps.map((step) => step.sentence)).toEqual([
      'VSID 5001 belongs to routing domain 11111111-2222-3333-4444-000000005001 (blue).',
      '192.168.1.101 is a VM with a lookup record and sends from PA 10.1.1.20 with MAC 00-15-5D-01-14-04.',
      '192.168.2.102 is a VM with a lookup record: VSID 5002, MAC 00-15-5D-01-15-05, PA 10.1.1.21.',
      'Sent in NVGRE with VSID 5002 from PA 10.1.1.40 to PA 10.1.1.21 by underlay.',
    ]);
  });

  it.each([
    ['IPv6 record', '2001:db8:1::101', '2001:db8:2::102', 'hairpinned by record: 5002'],
    ['router', '192.168.1.101', '10.20.1.9', 'encapsulated by router: 5001'],
    ['wildcard', '192.168.1.101', '192.168.2.77', 'encapsulated by wildcard: 5002'],
    ['record not on link', '192.168.1.101', '10.20.5.5', 'encapsulated by router: 5001'],
    ['own address', '192.168.1.101', '192.168.2.250', 'gateway 5002 00-15-5D-14-3C-02'],
    ['unknown source', '192.168.1.77', '192.168.2.102', 'dropped spoofedAddress'],
    ['the gateway as source', '192.168.1.1', '192.168.2.102', 'dropped spoofedAddress'],
    ['multicast', '192.168.1.101', '224.0.0.251', 'dropped multicastHeard'],
    ['broadcast', '192.168.1.101', '255.255.255.255', 'dropped multicastHeard'],
    ['subnet broadcast', '192.168.1.101', '192.168.1.255', 'dropped multicastHeard'],
    ['multicast of the gateway', '192.168.1.1', '224.0.0.251', 'groupEncapsulated 239.0.1.1'],
    ['broadcast', '192.168.1.1', '255.255.255.255', 'copyEncapsulated 10.1.1.20 10.1.1.23'],
    ['IPv6 multicast', '2001:db8:1::1', 'ff05::1:3', 'groupEncapsulated 239.0.1.1'],
    ['on link without a record', '192.168.1.101', '192.168.1.77', 'dropped noRecord'],
    ['rule encap to rule nat', '192.168.1.101', '192.168.2.111', 'hairpinned by record: 5002'],
    ['no route', '192.168.1.101', '198.51.100.9', 'dropped noRoute'],
    ['a router without a record', '192.168.1.101', '203.0.113.5', 'dropped noRoute'],
    ['a subnet not there', '192.168.1.101', '192.168.3.103', 'dropped subnetUnknown'],
  ])('decides: %s', (_, from, to, expected) => {
    expect(summary(run(from, to))).toContain(expected);
  });

  it('says what travels without NVGRE (N13)', () => {
    const result = run('192.168.1.110', '192.168.2.111');
    expect(summary(result)).toBe(
      'rewritten by record: 5002, 10.1.1.61 -> 10.1.1.62, 00-15-5D-14-3C-02 -> 00-15-5D-01-16-11, underlay',
    );
    expect(result.outcome.sentence).toBe(
      'Both have rule nat: sent without NVGRE from PA 10.1.1.61 to PA 10.1.1.62 by underlay, GRE and what has IP options excepted.',
    );
    const own = run('192.168.1.110', '192.168.1.251');
    expect(own.outcome.verdict).toBe('restored');
    expect(own.outcome.sentence).toContain('Both have rule nat: no NVGRE.');
    expect(run('192.168.1.101', '192.168.1.251').outcome.verdict).toBe('decapsulated');
  });

  it('says how the host of a VM sends what is for all, and what the gateway sends', () => {
    expect(
      run('192.168.1.101', '224.0.0.251')
        .steps.map(({ sentence }) => sentence)
        .slice(2),
    ).toEqual([
      "224.0.0.251 is for all of VSID 5001: the VM's host sends it to PA multicast group 239.0.1.1 itself.",
      'Dropped, multicastHeard: Broadcast or multicast of a VM: its host sends it to the others itself, the gateway does not pass it on.',
    ]);
    const fromGateway = { ...query('192.168.2.250', '255.255.255.255'), vsid: Vsid(5002) };
    expect(
      trace(fromGateway, tables, { routingDomains: blue() }, NO_TUNNELS).outcome.sentence,
    ).toBe(
      "Sent in NVGRE with VSID 5002 from PA 10.1.1.40 to each host (10.1.1.21, 10.1.1.22) by underlay. 2 more hosts get nothing: map the subnet's broadcast and multicast to a PA multicast group by a customer route.",
    );
  });

  it('does not know a VSID that no policy has', () => {
    const elsewhere = { ...query('192.168.1.101', '192.168.2.102'), vsid: Vsid(7777) };
    const result = trace(elsewhere, tables, { routingDomains: blue() }, NO_TUNNELS);
    expect(summary(result)).toBe('dropped vsidUnknown');
    expect(result.routingDomain).toBeUndefined();
    expect(result.outcome.sentence).toBe(
      'Dropped, vsidUnknown: The policy has no such virtual subnet. Push virtual subnet 7777, or trace from another one.',
    );
  });

  it('says when the source lives in another subnet', () => {
    const elsewhere = { ...query('192.168.1.101', '198.51.100.9'), vsid: Vsid(5002) };
    const result = trace(elsewhere, tables, { routingDomains: blue(INTERNET) }, NO_TUNNELS);
    expect(result.source?.vsid).toBe(5001);
    expect(result.steps[1]?.sentence).toContain('lives in VSID 5001');
    expect(summary(result)).toBe('connection internet by 0.0.0.0/0');
  });

  it('refuses a source and a destination of different families', () => {
    expect(() => run('192.168.1.101', '2001:db8::1')).toThrow('Give two IPv4 or two IPv6');
  });
});

describe('trace out of the virtual network', () => {
  it('takes the longest prefix', () => {
    const result = run('192.168.1.101', '192.168.101.7', INTERNET, CORP);
    expect(summary(result)).toBe('connection corp by 192.168.101.0/24');
    expect(result.outcome.sentence).toBe(
      'Leaves by the routed connection corp to 192.168.101.7, unchanged.',
    );
  });

  it('says that a connection keeps TCP segments short', () => {
    const by = (tcpMssClamping: TcpMss, protocol: 'tcp' | 'udp'): string =>
      trace(
        { ...query('192.168.1.101', '192.168.101.7'), protocol },
        tables,
        { routingDomains: blue({ ...CORP, tcpMssClamping }) },
        NO_TUNNELS,
      ).outcome.sentence;
    expect(by(1300, 'tcp')).toMatch(/unchanged\. TCP segments are kept to 1300 bytes\.$/);
    expect(by('pathMtu', 'tcp')).toMatch(/ TCP segments are kept to what the routes .* carry\.$/);
    expect(by(1300, 'udp')).toMatch(/unchanged\.$/);
  });

  it('says what NAT does, and to which service', () => {
    const result = trace(
      { ...query('192.168.1.101', '198.51.100.9'), protocol: 'tcp', port: 443 },
      tables,
      { routingDomains: blue(INTERNET, CORP) },
      NO_TUNNELS,
    );
    expect(result.outcome.sentence).toBe(
      'Leaves by the nat connection internet to 198.51.100.9 (tcp port 443), with 203.0.113.10 as its source address.',
    );
    expect(routeText(result.route)).toBe('connection 0.0.0.0/0 0');
  });

  it('prefers the lower metric, then the virtual network, then the first connection', () => {
    const to = '10.20.1.9';
    const cheaper = routed('cheaper', ['10.20.0.0/16', 19]);
    const equal = routed('equal', ['10.20.0.0/16', 20]);
    expect(summary(run('192.168.1.101', to, equal, cheaper))).toContain('connection cheaper');
    expect(summary(run('192.168.1.101', to, equal))).toContain('encapsulated by router');
    const first = routed('first', ['198.51.100.0/24', 5]);
    const second = routed('second', ['198.51.100.0/24', 5]);
    expect(summary(run('192.168.1.101', '198.51.100.9', first, second))).toContain('first');
  });

  it('weighs a subnet’s own prefix as the on-link customer route says, else as 0', () => {
    const heavier = (prefix: string): Connection => routed('rival', [prefix, 254]);
    expect(summary(run('192.168.1.101', '192.168.1.77', heavier('192.168.1.0/24')))).toContain(
      'connection rival',
    );
    expect(summary(run('192.168.1.101', '192.168.2.77', heavier('192.168.2.0/24')))).toContain(
      'encapsulated by wildcard',
    );
  });

  it('does not translate one family into the other', () => {
    const to = '2001:db8:ffff::9';
    const both = nat('both', '2001:db8:f::10', ['0.0.0.0/0', 0], ['::/0', 0]);
    expect(summary(run('2001:db8:1::101', to, INTERNET))).toBe('dropped noRoute');
    expect(summary(run('2001:db8:1::101', to, both))).toBe('connection both by ::/0');
    expect(summary(run('192.168.1.101', '198.51.100.9', both))).toBe('dropped noRoute');
  });
});

describe('trace into a tunnel', () => {
  const office = ikev2('office', { routes: ['10.9.0.0/16'], metric: 10 });
  const standby = ikev2('standby', { routes: ['10.9.0.0/16'], metric: 20 });
  const traced = (up: readonly Connection[], ...connections: Connection[]): TraceResult =>
    trace(
      query('192.168.1.101', '10.9.1.1'),
      tables,
      { routingDomains: blue(...connections) },
      new Map([[BLUE, new Set(up.map(({ id }) => id))]]),
    );

  it('names the connection while it is up', () => {
    const result = traced([office], INTERNET, office);
    expect(summary(result)).toBe('connection office by 10.9.0.0/16');
    expect(result.outcome.sentence).toBe(
      'Leaves by the ikev2 connection office to 10.9.1.1, through its tunnel.',
    );
  });

  it('ends there while it is down, whatever a wider route would do', () => {
    const result = traced([], INTERNET, office);
    expect(summary(result)).toBe('dropped noRoute');
    expect(result.outcome).toMatchObject({ connection: { id: 'office' } });
    expect(result.outcome.sentence).toContain('connection office, whose tunnel is down');
  });

  it.each([
    ['the better of two', [office, standby], 'connection office'],
    ['the one that is up', [standby], 'connection standby'],
    ['none', [], 'dropped noRoute'],
  ])('takes of a fail-over pair %s', (_, up, expected) => {
    expect(summary(traced(up, standby, office))).toContain(expected);
  });

  it('falls back to a local connection for the very same prefix', () => {
    const private_ = routed('private', ['10.9.0.0/16', 30]);
    expect(summary(traced([], office, private_))).toContain('connection private');
    expect(summary(traced([office], office, private_))).toContain('connection office');
  });
});

const NO_TUNNELS = new Map<RoutingDomainId, UpTunnels>();

function run(from: string, to: string, ...connections: Connection[]): TraceResult {
  return trace(query(from, to), tables, { routingDomains: blue(...connections) }, NO_TUNNELS);
}

function query(from: string, to: string): TraceQuery {
  return {
    vsid: Vsid(5001),
    from: CustomerAddress(parseIp(from)),
    to: CustomerAddress(parseIp(to)),
  };
}

function customerRoute(prefix: string, nextHop: string, metric: number): CustomerRoute {
  return {
    vsid: Vsid(5001),
    destinationPrefix: parsePrefix(prefix),
    nextHop: parseIp(nextHop),
    metric,
  };
}

function routed(id: string, ...routes: [string, number][]): Connection {
  return { id: ConnectionId(id), type: 'routed', routes: connectionRoutes(routes) };
}

function nat(id: string, externalAddress: string, ...routes: [string, number][]): Connection {
  return {
    id: ConnectionId(id),
    type: 'nat',
    externalAddress: parseIp(externalAddress),
    rules: [],
    routes: connectionRoutes(routes),
  };
}

function connectionRoutes(routes: readonly [string, number][]): Connection['routes'] {
  return routes.map(([text, metric]) => ({ destinationPrefix: parsePrefix(text), metric }));
}

function summary({ outcome }: TraceResult): string {
  switch (outcome.kind) {
    case 'gateway':
      return `gateway ${outcome.vsid} ${formatMac(outcome.macAddress)}`;
    case 'tunnel':
      return `${outcome.verdict} by ${outcome.by}: ${outcome.vsid}, ${formatIp(outcome.sourceProviderAddress)} -> ${formatIp(outcome.providerAddress)}, ${formatMac(outcome.sourceMac)} -> ${formatMac(outcome.destinationMac)}, ${outcome.underlay}`;
    case 'multicast':
      return `${outcome.verdict} ${outcome.providerAddresses.map(formatIp).join(' ')}`;
    case 'connection':
      return `connection ${outcome.connection.id} by ${formatPrefix(outcome.route.destinationPrefix)}`;
    case 'dropped':
      return `dropped ${outcome.verdict}`;
  }
}

function routeText(route: RouteChoice | undefined): string | undefined {
  return route && `${route.kind} ${formatPrefix(route.destinationPrefix)} ${route.metric}`;
}

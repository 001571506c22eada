import { describe, expect, it } from 'vitest';
import type { ConnectionDocument, RoutingDomainDocument } from '../../../../provider/schemas.js';
import { compile } from '../../../../src/dataplane/compile/compile.js';
import type { Environment, UpTunnel } from '../../../../src/dataplane/compile/environment.js';
import { isTunnelLink, tunnelDevice } from '../../../../src/dataplane/compile/tunnel-device.js';
import type { KernelObject } from '../../../../src/dataplane/kernel-object.js';
import { ConnectionId } from '../../../../src/model/connection.js';
import { linesOf } from '../../../support/kernel-state.js';
import { BLUE, ENVIRONMENT, policyOf, RED } from '../../../support/policy-of.js';

type Details = Partial<Extract<ConnectionDocument, { type: 'ikev2' }>>;

function ikev2(id: string, destinationPrefix: string, details: Details = {}): ConnectionDocument {
  return {
    ...{ id, type: 'ikev2', authentication: { method: 'psk', secret: 'secret' } },
    ...{ sourceAddress: '203.0.113.10', destinationAddress: '198.51.100.2' },
    routes: [{ destinationPrefix, metric: 10 }],
    ...details,
  };
}

function nat(externalAddress: string): ConnectionDocument {
  return { id: 'internet', type: 'nat', externalAddress };
}

function domain(id: string, ...connections: ConnectionDocument[]): RoutingDomainDocument {
  return {
    id,
    virtualSubnets: [
      { vsid: id === BLUE ? 5001 : 6001, prefixes: ['192.168.1.0/24', 'fd00:1::/64'] },
    ],
    connections,
  };
}

function objects(environment: Environment, ...routingDomains: RoutingDomainDocument[]) {
  const providerAddresses = [{ address: '10.1.1.40', prefixLength: 24, interface: 'underlay' }];
  return compile(policyOf({ providerAddresses, routingDomains }), environment, 'all');
}

function withUp(tunnels: Readonly<Record<string, UpTunnel>>): Environment {
  const ofBlue = Object.entries(tunnels).map(([id, tunnel]) => [ConnectionId(id), tunnel] as const);
  return { ...ENVIRONMENT, ipsec: 'userSpace', tunnels: new Map([[BLUE, new Map(ofBlue)]]) };
}

const DOWN = withUp({});

/** The rules of blue's firewall, without hooks and chains. */
function firewall(of: readonly KernelObject[], place: string = BLUE): string[] {
  const found = of.find((object) => object.kind === 'firewall' && object.place === place);
  if (found?.kind !== 'firewall') return [];
  return found.ruleset.split('\n').map((text) => text.trim());
}

describe('a domain with nothing but a tunnel', () => {
  const office = domain(BLUE, ikev2('office', '10.20.0.0/16'));
  const down = objects(DOWN, office);

  it('holds the address itself, and the gateway answers for it', () => {
    expect(linesOf(down, 'address blue ext', 'proxyNeighbour', 'route gateway')).toEqual([
      'address blue ext 192.0.0.8 /32',
      'address blue ext 203.0.113.10 /32',
      'proxyNeighbour external 203.0.113.10',
      'route gateway 203.0.113.10/32 1 dev blue:ext',
    ]);
  });

  it('while it is down sends nothing anywhere that is not the virtual network’s', () => {
    expect(linesOf(down, 'route blue 1', 'route blue 0', 'route blue :')).toEqual([
      'route blue 0.0.0.0/0 4294967294 unreachable',
      'route blue 10.20.0.0/16 4294967294 unreachable',
      'route blue 192.168.1.0/24 1 dev vnet src 192.168.1.1',
      'route blue ::/0 4294967294 unreachable',
    ]);
  });

  it('sends what its daemon says by ext, unless it is for the virtual network', () => {
    expect(linesOf(down, 'rule blue', 'route blue external')).toEqual([
      'route blue external 0.0.0.0/0 1 dev ext src 203.0.113.10',
      'route blue external 192.168.1.0/24 1 throw',
      'rule blue from 203.0.113.10',
    ]);
  });

  it('while it is up leads into it, from an address that the far side knows', () => {
    const up = objects(withUp({ office: { device: 'ipsec0' } }), office);
    expect(linesOf(up, 'route blue 10')).toEqual([
      'route blue 10.20.0.0/16 11 dev ipsec0 src 192.168.1.1',
      'route blue 10.20.0.0/16 4294967294 unreachable',
    ]);
  });

  it('takes its peer only, and nothing in clear that says it is from a private side', () => {
    const rules = firewall(down);
    expect(rules.filter((rule) => rule.includes('198.51.100.2'))).toEqual([
      'ip saddr 198.51.100.2 ip daddr 203.0.113.10 meta l4proto esp accept',
      'ip saddr 198.51.100.2 ip daddr 203.0.113.10 udp dport { 500, 4500 } accept',
    ]);
    expect(rules).toContain('ip saddr 10.20.0.0/16 counter drop');
    expect(rules).toContain('ip saddr 192.168.1.0/24 counter drop');
    expect(rules).toContain('ip6 saddr fd00:1::/64 counter drop');
  });

  it('needs no connection tracking', () => {
    expect(firewall(down).join('\n')).not.toMatch(/\bct\b|type nat/);
  });
});

describe('peers', () => {
  it.each<[string, Details]>([
    ['is not known', { destinationAddress: '0.0.0.0' }],
    ['may change its address', { peerAddressMayChange: true }],
  ])('of a connection whose peer %s may be anybody', (_, details) => {
    const rules = firewall(objects(DOWN, domain(BLUE, ikev2('office', '10.20.0.0/16', details))));
    expect(rules).toContain('ip daddr 203.0.113.10 udp dport { 500, 4500 } accept');
  });

  it('that names are looked up for, with certificates, answer', () => {
    const credential = { certificateFile: '/etc/office.pem', privateKeyFile: '/etc/office.key' };
    const authentication = {
      ...{ method: 'certificate' as const, ...credential },
      certificateAuthorityFiles: ['/etc/ca.pem'],
    };
    const of = objects(DOWN, domain(BLUE, ikev2('office', '10.20.0.0/16', { authentication })));
    expect(linesOf(of, 'rule blue')).toEqual([
      'rule blue dns IPv4',
      'rule blue from 203.0.113.10',
      'rule blue tcp IPv4',
    ]);
    expect(firewall(of)).toContain('ip daddr 203.0.113.10 tcp flags != syn / syn,ack accept');
  });
});

describe('two tunnels to one site', () => {
  const pair = domain(
    BLUE,
    ikev2('main', '10.20.0.0/16'),
    ikev2('standby', '10.20.0.0/16', {
      destinationAddress: '198.51.100.6',
      routes: [{ destinationPrefix: '10.20.0.0/16', metric: 20 }],
    }),
  );

  it('have the routes of those that are up', () => {
    const routes = (...up: string[]): string[] =>
      linesOf(
        objects(withUp(Object.fromEntries(up.map((id) => [id, { device: `to-${id}` }]))), pair),
        'route blue 10',
      ).slice(0, -1);
    expect(routes('main', 'standby')).toEqual([
      'route blue 10.20.0.0/16 11 dev to-main src 192.168.1.1',
      'route blue 10.20.0.0/16 21 dev to-standby src 192.168.1.1',
    ]);
    expect(routes('standby')).toEqual([
      'route blue 10.20.0.0/16 21 dev to-standby src 192.168.1.1',
    ]);
    expect(routes()).toEqual([]);
  });
});

describe('beside local connections', () => {
  it('of NAT the address is held once, and what the daemon says is not translated', () => {
    const of = objects(DOWN, domain(BLUE, nat('203.0.113.10'), ikev2('office', '10.20.0.0/16')));
    expect(linesOf(of, 'address blue ext 203', 'proxyNeighbour')).toEqual([
      'address blue ext 203.0.113.10 /32',
      'proxyNeighbour external 203.0.113.10',
    ]);
    const rules = firewall(of);
    expect(rules.indexOf('oifname "ext" ip saddr 203.0.113.10 accept')).toBeGreaterThan(0);
    expect(rules.indexOf('oifname "ext" goto outbound')).toBeGreaterThan(
      rules.indexOf('oifname "ext" ip saddr 203.0.113.10 accept'),
    );
    expect(rules).toContain(
      'ip daddr 0.0.0.0/0 udp sport { 500, 4500 } snat ip to 203.0.113.10:10000-65535',
    );
    expect(linesOf(of, 'route blue 10', 'route blue 0')).toEqual([
      'route blue 0.0.0.0/0 1 dev ext src 203.0.113.10',
      'route blue 0.0.0.0/0 4294967294 unreachable',
      'route blue 10.20.0.0/16 4294967294 unreachable',
    ]);
  });

  it('what a local connection leads to may come in clear', () => {
    const leased: ConnectionDocument = {
      ...{ id: 'leased', type: 'routed' },
      routes: [{ destinationPrefix: '10.20.0.0/16', metric: 50 }],
    };
    const rules = firewall(
      objects(
        DOWN,
        domain(BLUE, leased, ikev2('office', '10.20.0.0/16'), ikev2('depot', '10.30.0.0/16')),
      ),
    );
    expect(rules).toContain('ip saddr 10.20.0.0/16 accept');
    expect(rules).toContain('ip saddr 10.30.0.0/16 counter drop');
  });

  it('selectors of a policy-based tunnel are the private side as well', () => {
    const trafficSelectors = { local: ['192.168.1.0/24'], remote: ['10.20.0.0/15'] };
    const of = objects(DOWN, domain(BLUE, ikev2('office', '10.20.0.0/16', { trafficSelectors })));
    expect(firewall(of)).toContain('ip saddr 10.20.0.0/15 counter drop');
  });
});

describe('an address that several routing domains use', () => {
  const blue = domain(BLUE, nat('203.0.113.10'));
  const red = domain(RED, ikev2('office', '10.20.0.0/16'));
  const shared = objects(DOWN, blue, red);
  const [transit = ''] = linesOf(shared, 'address red ext 169.254').map(
    (line) => line.split(' ')[3] ?? '',
  );

  it('is shared, be it for NAT or for a tunnel', () => {
    expect(linesOf(shared, 'address gateway external')).toEqual([
      'address gateway external 203.0.113.10 /32',
    ]);
    expect(linesOf(shared, 'rule red')).toEqual([`rule red from ${transit}`]);
  });

  it('leads the peer to the domain that has the tunnel', () => {
    expect(firewall(shared, 'gateway')).toContain(
      `ip daddr 203.0.113.10 udp dport { 500, 4500 } dnat ip to ip saddr map { 198.51.100.2 : ${transit} }`,
    );
    expect(firewall(shared, RED)).toContain(
      `ip saddr 198.51.100.2 ip daddr ${transit} udp dport { 500, 4500 } accept`,
    );
  });
});

describe('devices of tunnels', () => {
  const office = domain(BLUE, ikev2('office', '10.20.0.0/16'));

  it('are XFRM interfaces where the kernel does ESP, with room for it', () => {
    const { name, interfaceId } = tunnelDevice('kernel', {
      ...{ id: ConnectionId('office'), type: 'ikev2' },
    });
    const kernel: Environment = { ...DOWN, ipsec: 'kernel' };
    expect(linesOf(objects(kernel, office), 'tunnelLink')).toEqual([
      `tunnelLink blue ${name} interfaceId ${interfaceId} mtu 1396`,
    ]);
    const ends = { sourceAddress: '2001:db8::10', destinationAddress: '2001:db8::2' };
    const ipv6 = domain(BLUE, ikev2('office', '10.20.0.0/16', ends));
    expect(linesOf(objects(kernel, ipv6), 'tunnelLink')[0]).toContain('mtu 1376');
    expect(linesOf(objects(DOWN, office), 'tunnelLink')).toEqual([]);
  });

  it('have names that Linux takes, one for each connection', () => {
    const longest = ConnectionId('x'.repeat(63));
    for (const type of ['ikev2', 'l2tp', 'pptp'] as const) {
      const { name } = tunnelDevice('kernel', { id: longest, type });
      expect(name.length).toBeLessThanOrEqual(15);
      expect(name).not.toBe(tunnelDevice('kernel', { id: ConnectionId('y'), type }).name);
      expect(isTunnelLink(name)).toBe(type === 'ikev2');
    }
    expect(tunnelDevice('userSpace', { id: longest, type: 'ikev2' })).toEqual({ name: 'ipsec0' });
  });
});

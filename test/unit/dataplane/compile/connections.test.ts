import { describe, expect, it } from 'vitest';
import type { ConnectionDocument, RoutingDomainDocument } from '../../../../provider/schemas.js';
import { compile } from '../../../../src/dataplane/compile/compile.js';
import type { KernelObject } from '../../../../src/dataplane/kernel-object.js';
import type { Policy } from '../../../../src/model/policy.js';
import { linesOf } from '../../../support/kernel-state.js';
import { BLUE, ENVIRONMENT, policyOf, RED } from '../../../support/policy-of.js';

const ROUTED: ConnectionDocument = {
  id: 'corp',
  type: 'routed',
  routes: [{ destinationPrefix: '172.16.0.0/16', metric: 10 }],
};

function nat(externalAddress: string, externalPort = 8080): ConnectionDocument {
  return {
    id: 'internet',
    type: 'nat',
    externalAddress,
    rules: [
      {
        ...{ name: 'web', protocol: 'tcp', externalPort },
        ...{ internalAddress: '192.168.1.101', internalPort: 80 },
      },
    ],
  };
}

function domain(id: string, ...connections: ConnectionDocument[]): RoutingDomainDocument {
  return {
    id,
    virtualSubnets: [{ vsid: id === BLUE ? 5001 : 6001, prefixes: ['192.168.1.0/24'] }],
    connections,
  };
}

function policy(...routingDomains: RoutingDomainDocument[]): Policy {
  const providerAddresses = [{ address: '10.1.1.40', prefixLength: 24, interface: 'underlay' }];
  return policyOf({ providerAddresses, routingDomains });
}

function objects(...routingDomains: RoutingDomainDocument[]): KernelObject[] {
  return compile(policy(...routingDomains), ENVIRONMENT, 'all');
}

/** The rules of one namespace's firewall that say something about an address. */
function firewall(of: readonly KernelObject[], place: string): string[] {
  const found = of.find((object) => object.kind === 'firewall' && object.place === place);
  if (found?.kind !== 'firewall') return [];
  return found.ruleset
    .split('\n')
    .map((text) => text.trim())
    .filter((text) => /\d+\.\d+\.\d+\.\d+/.test(text));
}

describe('a routed connection', () => {
  const routed = objects(domain(BLUE, ROUTED));

  it('joins the namespace to the gateway’s by the subnets’ prefixes, without a firewall', () => {
    expect(linesOf(routed, 'link blue ext', 'route', 'address blue ext', 'firewall blue')).toEqual([
      'address blue ext 192.0.0.8 /32',
      'link blue ext mtu 1500',
      'route blue 172.16.0.0/16 11 dev ext src 192.168.1.1',
      'route blue 192.168.1.0/24 1 dev vnet src 192.168.1.1',
      `route gateway 192.168.1.0/24 1 dev blue:ext`,
    ]);
  });

  it('turns forwarding on where its packets pass, and nowhere else', () => {
    expect(linesOf(routed, 'sysctl gateway')).toEqual([
      'sysctl gateway net/ipv4/conf/{device}/forwarding blue:ext 1',
      'sysctl gateway net/ipv4/conf/{device}/forwarding external 1',
      'sysctl gateway net/ipv4/neigh/{device}/proxy_delay external 0',
    ]);
  });

  it('turns IPv6 forwarding on only when something of IPv6 passes', () => {
    const ipv6 = domain(BLUE, ROUTED);
    ipv6.virtualSubnets?.push({ vsid: 5002, prefixes: ['fd00:1::/64'] });
    expect(linesOf(objects(ipv6), 'sysctl gateway net/ipv6')).toEqual([
      'sysctl gateway net/ipv6/conf/all/forwarding 1',
      'sysctl gateway net/ipv6/conf/{device}/proxy_ndp external 1',
      'sysctl gateway net/ipv6/neigh/{device}/proxy_delay external 0',
    ]);
  });

  it('has the MTU of its external device', () => {
    const external = [
      { name: 'external', device: 'external', mtu: 1500, present: true },
      { name: 'jumbo', device: 'jumbo', mtu: 9000, present: true },
    ];
    const jumbo = policy(domain(BLUE, { ...ROUTED, interface: 'jumbo' }));
    expect(linesOf(compile(jumbo, { ...ENVIRONMENT, external }, 'all'), 'link blue ext')).toEqual([
      'link blue ext mtu 9000',
    ]);
  });

  it('yields to a customer route of the same metric, and beats one of a higher', () => {
    const routes = (metric: number): string[] => {
      const competing = domain(BLUE, ROUTED);
      competing.customerRoutes = [
        { vsid: 5001, destinationPrefix: '172.16.0.0/16', nextHop: '0.0.0.0', metric },
      ];
      return linesOf(objects(competing), 'route blue 172');
    };
    expect(routes(10)).toEqual(['route blue 172.16.0.0/16 11 dev vnet src 192.168.1.1']);
    expect(routes(11)).toEqual([
      'route blue 172.16.0.0/16 11 dev ext src 192.168.1.1',
      'route blue 172.16.0.0/16 12 dev vnet src 192.168.1.1',
    ]);
  });
});

describe('a NAT connection with its own external address', () => {
  const own = objects(domain(BLUE, nat('203.0.113.10')));

  it('gives the address to the namespace; the gateway answers ARP for it and routes it there', () => {
    expect(
      linesOf(own, 'address blue ext', 'address gateway ext', 'route', 'proxyNeighbour'),
    ).toEqual([
      'address blue ext 192.0.0.8 /32',
      'address blue ext 203.0.113.10 /32',
      'proxyNeighbour external 203.0.113.10',
      'route blue 0.0.0.0/0 1 dev ext src 203.0.113.10',
      'route blue 192.168.1.0/24 1 dev vnet src 192.168.1.1',
      'route gateway 203.0.113.10/32 1 dev blue:ext',
    ]);
  });

  it('translates in the namespace, what comes back out of vnet included', () => {
    expect(firewall(own, BLUE)).toEqual([
      'ip daddr 203.0.113.10 tcp dport 8080 dnat ip to 192.168.1.101:80',
      'iifname "vnet" oifname "vnet" ct original ip daddr 203.0.113.10 ct status dnat snat ip to 203.0.113.10',
      'ip daddr 0.0.0.0/0 counter drop',
      'ip daddr 0.0.0.0/0 snat ip to 203.0.113.10',
    ]);
  });

  it('leaves alone what a routed connection takes, by the longer prefix or the lower metric', () => {
    const also: ConnectionDocument = {
      ...ROUTED,
      routes: [
        { destinationPrefix: '172.16.0.0/16', metric: 10 },
        { destinationPrefix: '198.51.100.0/24', metric: 10 },
      ],
    };
    const internet: ConnectionDocument = {
      ...nat('203.0.113.10'),
      routes: [
        { destinationPrefix: '0.0.0.0/0', metric: 0 },
        { destinationPrefix: '172.16.0.0/16', metric: 20 },
        { destinationPrefix: '198.51.100.0/24', metric: 5 },
      ],
    };
    const both = objects(domain(BLUE, also, internet));
    const outbound = firewall(both, BLUE).filter((rule) =>
      /^ip daddr \S+ (snat|accept)/.test(rule),
    );
    expect(outbound.slice(-3)).toEqual([
      'ip daddr 198.51.100.0/24 snat ip to 203.0.113.10',
      'ip daddr 172.16.0.0/16 accept',
      'ip daddr 0.0.0.0/0 snat ip to 203.0.113.10',
    ]);
  });
});

describe('an external address that several routing domains share', () => {
  const shared = objects(
    domain(BLUE, nat('203.0.113.10', 8080)),
    domain(RED, nat('203.0.113.10', 8081)),
  );
  const transitOf = (colour: string): string => {
    const [line] = linesOf(shared, `address ${colour} ext`);
    return /169\.254\.\d+\.\d+/.exec(line ?? '')?.[0] ?? '';
  };

  it('is held by the gateway; each domain has a transit address of its own', () => {
    expect(transitOf('blue')).not.toBe(transitOf('red'));
    expect(
      linesOf(shared, 'address gateway external', 'address red ext', 'route gateway', 'proxyN'),
    ).toEqual([
      'address gateway external 203.0.113.10 /32',
      `address red ext ${transitOf('red')} /32`,
      'address red ext 192.0.0.8 /32',
      ...[
        `route gateway ${transitOf('blue')}/32 1 dev blue:ext`,
        `route gateway ${transitOf('red')}/32 1 dev red:ext`,
      ].sort(),
    ]);
  });

  it('is translated to the transit address first, then to the domain’s VM', () => {
    const translation = firewall(shared, 'gateway').find((rule) => rule.includes('dnat'));
    expect(translation).toContain(`8080 : ${transitOf('blue')}`);
    expect(translation).toContain(`8081 : ${transitOf('red')}`);
    expect(firewall(shared, BLUE)).toContain(
      `ip daddr ${transitOf('blue')} tcp dport 8080 dnat ip to 192.168.1.101:80`,
    );
    expect(firewall(shared, BLUE)).toContain(`ip daddr 0.0.0.0/0 snat ip to ${transitOf('blue')}`);
  });

  it('looks the same from a part of the policy as from the whole', () => {
    const both = policy(
      domain(BLUE, nat('203.0.113.10', 8080)),
      domain(RED, nat('203.0.113.10', 8081)),
    );
    const part = compile(both, ENVIRONMENT, { gateway: false, domains: new Set([BLUE]) });
    expect(linesOf(part, 'address blue ext')).toEqual([
      `address blue ext ${transitOf('blue')} /32`,
      'address blue ext 192.0.0.8 /32',
    ]);
  });
});

describe('connections that keep TCP segments short', () => {
  const clamping = (...connections: ConnectionDocument[]): string[] => {
    const found = linesOfFirewall(objects(domain(BLUE, ...connections)));
    return found.filter((rule) => /^oifname .* return$/.test(rule));
  };
  const linesOfFirewall = (of: readonly KernelObject[]): string[] => {
    const found = of.find((object) => object.kind === 'firewall' && object.place === BLUE);
    return found?.kind === 'firewall' ? found.ruleset.split('\n').map((text) => text.trim()) : [];
  };
  const office: ConnectionDocument = {
    ...{ id: 'office', type: 'ikev2', sourceAddress: '203.0.113.10' },
    ...{ destinationAddress: '198.51.100.2', routes: [{ destinationPrefix: 'fd00:9::/32' }] },
    authentication: { method: 'psk', secret: 'secret' },
  };

  it('do so where they lead to, in both families', () => {
    const routes = [{ destinationPrefix: '172.16.0.0/16' }, { destinationPrefix: 'fd00:16::/32' }];
    expect(clamping({ ...ROUTED, routes, tcpMssClamping: 1300 })).toEqual([
      'oifname "ext" ip6 daddr fd00:16::/32 tcp option maxseg size set 1300 return',
      'oifname "ext" ip daddr 172.16.0.0/16 tcp option maxseg size set 1300 return',
    ]);
  });

  it('leave alone what another connection takes by the same device, and other devices', () => {
    expect(clamping({ ...nat('203.0.113.10'), tcpMssClamping: 'pathMtu' }, ROUTED, office)).toEqual(
      [
        'oifname "ext" ip daddr 172.16.0.0/16 return',
        'oifname "ext" ip daddr 0.0.0.0/0 tcp option maxseg size set rt mtu return',
      ],
    );
  });

  it('do so in tunnels', () => {
    expect(clamping(ROUTED, { ...office, tcpMssClamping: 'pathMtu' })).toEqual([
      'oifname "ipsec0" ip6 daddr fd00:9::/32 tcp option maxseg size set rt mtu return',
    ]);
  });

  it('count both where two lead to one prefix by one device', () => {
    const rival: ConnectionDocument = {
      ...office,
      id: 'rival',
      destinationAddress: '198.51.100.3',
    };
    rival.routes = [{ destinationPrefix: 'fd00:9::/32', metric: 20 }];
    expect(
      clamping({ ...office, tcpMssClamping: 1300 }, { ...rival, tcpMssClamping: 'pathMtu' }),
    ).toEqual([
      'oifname "ipsec0" ip6 daddr fd00:9::/32 tcp option maxseg size set 1300 tcp option maxseg size set rt mtu return',
    ]);
  });

  it('are none where no connection asks for it', () => {
    expect(clamping(ROUTED, office)).toEqual([]);
  });
});

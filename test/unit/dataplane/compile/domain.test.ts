import { describe, expect, it } from 'vitest';
import type { RoutingDomainDocument } from '../../../../provider/schemas.js';
import { compile } from '../../../../src/dataplane/compile/compile.js';
import type { KernelObject } from '../../../../src/dataplane/kernel-object.js';
import { linesOf } from '../../../support/kernel-state.js';
import { BLUE, ENVIRONMENT, policyOf } from '../../../support/policy-of.js';

const OWN_PA = { address: '10.1.1.40', prefixLength: 24, interface: 'underlay' };
const GATEWAY_MAC = '02-4E-56-00-13-89';

function blue(
  domain: Omit<RoutingDomainDocument, 'id'>,
  providerAddresses = [OWN_PA],
): KernelObject[] {
  const policy = policyOf({ providerAddresses, routingDomains: [{ id: BLUE, ...domain }] });
  return compile(policy, ENVIRONMENT, { gateway: false, domains: new Set([BLUE]) });
}

function record(vsid: number, customerAddress: string, providerAddress: string, rest: object = {}) {
  return { vsid, customerAddress, providerAddress, macAddress: '00-15-5D-00-00-01', ...rest };
}

const SUBNETS = [
  { vsid: 5001, prefixes: ['192.168.1.0/24', 'fd00:1::/64'] },
  { vsid: 5002, prefixes: ['192.168.2.0/24'] },
];

describe('a routing domain without connections', () => {
  it('is a namespace with its side of the virtual network', () => {
    const objects = blue({ virtualSubnets: SUBNETS });
    expect(linesOf(objects, 'namespace', 'link', 'address', 'route', 'filter', 'firewall')).toEqual(
      [
        'address blue vnet 192.168.1.1 /32',
        'address blue vnet 192.168.2.1 /32',
        'address blue vnet fd00:1::1 /128',
        'filter blue:vnet encap',
        'link blue vnet mtu 1458',
        'namespace blue',
        'route blue 192.168.1.0/24 1 dev vnet src 192.168.1.1',
        'route blue 192.168.2.0/24 1 dev vnet src 192.168.2.1',
        'route blue fd00:1::/64 1 dev vnet src fd00:1::1',
      ],
    );
  });

  it('routes, sends no redirects and takes no advertisement', () => {
    expect(linesOf(blue({ virtualSubnets: SUBNETS }), 'sysctl')).toEqual([
      'sysctl blue net/ipv4/conf/all/rp_filter 0',
      'sysctl blue net/ipv4/conf/all/send_redirects 0',
      'sysctl blue net/ipv4/conf/default/rp_filter 0',
      'sysctl blue net/ipv4/conf/default/send_redirects 0',
      'sysctl blue net/ipv4/conf/{device}/rp_filter vnet 0',
      'sysctl blue net/ipv4/conf/{device}/send_redirects vnet 0',
      'sysctl blue net/ipv4/ip_early_demux 0',
      'sysctl blue net/ipv4/ip_forward 1',
      'sysctl blue net/ipv6/conf/all/forwarding 1',
      'sysctl blue net/ipv6/conf/{device}/accept_ra vnet 0',
      'sysctl blue net/ipv6/conf/{device}/addr_gen_mode vnet 1',
      'sysctl blue net/ipv6/conf/{device}/dad_transmits vnet 0',
    ]);
  });

  it('has the smallest underlay’s MTU less the NVGRE header', () => {
    const policy = policyOf({ providerAddresses: [OWN_PA], routingDomains: [{ id: BLUE }] });
    const underlay = [
      { name: 'underlay', device: 'underlay', mtu: 9000, present: true },
      { name: 'second', device: 'second', mtu: 1600, present: true },
    ];
    const objects = compile(policy, { ...ENVIRONMENT, underlay }, 'all');
    expect(linesOf(objects, 'link')).toEqual(['link blue vnet mtu 1558']);
  });

  it('has no subnet in the packet path while the gateway has no provider address', () => {
    expect(linesOf(blue({ virtualSubnets: SUBNETS }, []), 'virtualSubnet')).toEqual([]);
  });

  it('uses the provider address that it names, and the device of that address', () => {
    const second = { address: '10.2.2.40', prefixLength: 24, interface: 'second' };
    const policy = policyOf2([OWN_PA, second]);
    expect(linesOf(policy, 'virtualSubnet')).toEqual([
      `virtualSubnet 5002 blue from 10.2.2.40 dev second source 02-4E-56-00-13-8A gateway 02-4E-56-00-13-8A on link /24`,
    ]);
  });
});

function policyOf2(providerAddresses: (typeof OWN_PA)[]): KernelObject[] {
  return blue(
    {
      providerAddress: '10.2.2.40',
      virtualSubnets: [{ vsid: 5002, prefixes: ['192.168.2.0/24'] }],
    },
    providerAddresses,
  );
}

describe('the gateway’s own addresses', () => {
  it('are what the subnet says', () => {
    const gateway = { address: '192.168.1.254', macAddress: '10-10-10-10-10-01' };
    const objects = blue({
      virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24', 'fd00:1::/64'], gateway }],
    });
    expect(linesOf(objects, 'virtualSubnet', 'lookupRecord')).toEqual([
      'lookupRecord blue 192.168.1.254 vsid 5001 10-10-10-10-10-01 local',
      'lookupRecord blue fd00:1::1 vsid 5001 10-10-10-10-10-01 local',
      'virtualSubnet 5001 blue from 10.1.1.40 dev underlay source 10-10-10-10-10-01 gateway 10-10-10-10-10-01 on link /24',
    ]);
  });

  it('are what a distributed gateway’s record says', () => {
    const objects = blue({
      virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24'] }],
      lookupRecords: [
        record(5001, '192.168.1.9', '169.254.254.254', { macAddress: '10-10-10-10-10-01' }),
      ],
    });
    expect(linesOf(objects, 'lookupRecord', 'address', 'providerPeer')).toEqual([
      'address blue vnet 192.168.1.9 /32',
      'lookupRecord blue 192.168.1.9 vsid 5001 10-10-10-10-10-01 local',
    ]);
  });

  it('include the records at its own provider address, which it then speaks from', () => {
    const objects = blue({
      virtualSubnets: SUBNETS,
      lookupRecords: [
        record(5002, '192.168.2.250', '10.1.1.40', { macAddress: '00-15-5D-14-3C-02' }),
      ],
    });
    expect(linesOf(objects, 'address', 'route blue 192.168.2', 'virtualSubnet 5002')).toEqual([
      'address blue vnet 192.168.1.1 /32',
      'address blue vnet 192.168.2.1 /32',
      'address blue vnet 192.168.2.250 /32',
      'address blue vnet fd00:1::1 /128',
      'route blue 192.168.2.0/24 1 dev vnet src 192.168.2.250',
      'virtualSubnet 5002 blue from 10.1.1.40 dev underlay source 00-15-5D-14-3C-02 gateway 02-4E-56-00-13-8A on link /24',
    ]);
    expect(linesOf(objects, 'lookupRecord blue 192.168.2')).toEqual([
      'lookupRecord blue 192.168.2.1 vsid 5002 02-4E-56-00-13-8A local',
      'lookupRecord blue 192.168.2.250 vsid 5002 00-15-5D-14-3C-02 local',
    ]);
  });
});

describe('records', () => {
  it('are on link where their own subnet is', () => {
    const objects = blue({
      virtualSubnets: SUBNETS,
      lookupRecords: [
        record(5001, '192.168.1.101', '10.1.1.20'),
        record(5002, '192.168.1.102', '10.1.1.20'),
        record(5001, '192.168.1.103', '10.1.1.30', { type: 'l2only' }),
        record(5001, '172.16.0.1', '10.1.1.30'),
      ],
    });
    expect(linesOf(objects, 'lookupRecord', 'providerPeer')).toEqual([
      'lookupRecord blue 172.16.0.1 vsid 5001 00-15-5D-00-00-01 at 10.1.1.30',
      `lookupRecord blue 192.168.1.1 vsid 5001 ${GATEWAY_MAC} local`,
      'lookupRecord blue 192.168.1.101 vsid 5001 00-15-5D-00-00-01 at 10.1.1.20 onLink',
      'lookupRecord blue 192.168.1.102 vsid 5002 00-15-5D-00-00-01 at 10.1.1.20',
      'lookupRecord blue 192.168.1.103 vsid 5001 00-15-5D-00-00-01 at 10.1.1.30',
      'lookupRecord blue 192.168.2.1 vsid 5002 02-4E-56-00-13-8A local',
      `lookupRecord blue fd00:1::1 vsid 5001 ${GATEWAY_MAC} local`,
      'providerPeer blue 10.1.1.20',
      'providerPeer blue 10.1.1.30',
    ]);
  });

  it('are not on link where a longer route leads elsewhere', () => {
    const domain = {
      virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24'] }],
      lookupRecords: [
        record(5001, '192.168.1.10', '10.1.1.20'),
        record(5001, '192.168.1.130', '10.1.1.20'),
        record(5001, '192.168.1.200', '10.1.1.20'),
      ],
      customerRoutes: [
        { vsid: 5001, destinationPrefix: '192.168.1.128/26', nextHop: '192.168.1.10' },
      ],
      connections: [
        {
          id: 'corp',
          type: 'routed' as const,
          routes: [{ destinationPrefix: '192.168.1.192/26' }],
        },
      ],
    };
    expect(
      linesOf(blue(domain), 'lookupRecord blue 192.168.1.1', 'lookupRecord blue 192.168.1.2'),
    ).toEqual([
      `lookupRecord blue 192.168.1.1 vsid 5001 ${GATEWAY_MAC} local`,
      'lookupRecord blue 192.168.1.10 vsid 5001 00-15-5D-00-00-01 at 10.1.1.20 onLink',
      'lookupRecord blue 192.168.1.130 vsid 5001 00-15-5D-00-00-01 at 10.1.1.20',
      'lookupRecord blue 192.168.1.200 vsid 5001 00-15-5D-00-00-01 at 10.1.1.20',
    ]);
  });

  it('that stand for the rest go with the subnet’s routes, unless the rest is the gateway’s', () => {
    const wildcard = (providerAddress: string) =>
      blue({
        virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24', 'fd00:1::/64'] }],
        lookupRecords: [record(5001, '0.0.0.0', providerAddress, { type: 'gatewayWildcard' })],
      });
    expect(linesOf(wildcard('10.1.1.20'), 'customerRoute', 'providerPeer')).toEqual([
      'customerRoute blue 192.168.1.0/24 onLink 5001 else 00-15-5D-00-00-01 at 10.1.1.20',
      'customerRoute blue 192.168.1.255/32 multicast 5001',
      'customerRoute blue fd00:1::/64 onLink 5001',
      'providerPeer blue 10.1.1.20',
    ]);
    expect(linesOf(wildcard('10.1.1.40'), 'customerRoute', 'providerPeer', 'address')).toEqual([
      'address blue vnet 192.168.1.1 /32',
      'address blue vnet fd00:1::1 /128',
      'customerRoute blue 192.168.1.0/24 onLink 5001',
      'customerRoute blue 192.168.1.255/32 multicast 5001',
      'customerRoute blue fd00:1::/64 onLink 5001',
    ]);
  });
});

describe('customer routes', () => {
  const routed = (
    customerRoutes: { destinationPrefix: string; nextHop: string; metric?: number }[],
  ): string[] =>
    linesOf(
      blue({
        virtualSubnets: SUBNETS,
        lookupRecords: [
          record(5002, '192.168.2.10', '10.1.1.20', { macAddress: '00-15-5D-00-00-0A' }),
          record(5002, '192.168.2.11', '10.1.1.20', { type: 'l2only' }),
        ],
        customerRoutes: customerRoutes.map((route) => ({ vsid: 5002, ...route })),
      }),
      'route blue',
      'customerRoute blue',
    ).filter((line) => !line.includes(' 192.168.1.') && !line.includes('fd00:1::'));

  const SUBNET_TABLE = [
    'customerRoute blue 192.168.2.0/24 onLink 5002',
    'customerRoute blue 192.168.2.255/32 multicast 5002',
  ];
  const SUBNET_ROUTE = 'route blue 192.168.2.0/24 1 dev vnet src 192.168.2.1';

  it('lead to a router by its record', () => {
    expect(
      routed([{ destinationPrefix: '10.9.0.0/16', nextHop: '192.168.2.10', metric: 5 }]),
    ).toEqual([
      'customerRoute blue 10.9.0.0/16 router 5002 00-15-5D-00-00-0A at 10.1.1.20',
      ...SUBNET_TABLE,
      'route blue 10.9.0.0/16 6 dev vnet src 192.168.2.1',
      SUBNET_ROUTE,
    ]);
  });

  it('say the metric of the subnet’s own prefix', () => {
    expect(
      routed([{ destinationPrefix: '192.168.2.0/24', nextHop: '0.0.0.0', metric: 255 }]),
    ).toEqual([...SUBNET_TABLE, 'route blue 192.168.2.0/24 256 dev vnet src 192.168.2.1']);
  });

  it('to one destination compete by their metric', () => {
    expect(
      routed([
        { destinationPrefix: '10.9.0.0/16', nextHop: '0.0.0.0', metric: 20 },
        { destinationPrefix: '10.9.0.0/16', nextHop: '192.168.2.10', metric: 10 },
      ]),
    ).toEqual([
      'customerRoute blue 10.9.0.0/16 router 5002 00-15-5D-00-00-0A at 10.1.1.20',
      ...SUBNET_TABLE,
      'route blue 10.9.0.0/16 11 dev vnet src 192.168.2.1',
      'route blue 10.9.0.0/16 21 dev vnet src 192.168.2.1',
      SUBNET_ROUTE,
    ]);
  });

  it('by the gateway itself, by nobody or by an l2only record lead nowhere', () => {
    expect(
      routed([
        { destinationPrefix: '0.0.0.0/0', nextHop: '192.168.2.1' },
        { destinationPrefix: '10.8.0.0/16', nextHop: '192.168.2.99' },
        { destinationPrefix: '10.9.0.0/16', nextHop: '192.168.2.11' },
      ]),
    ).toEqual([...SUBNET_TABLE, SUBNET_ROUTE]);
  });

  it('of broadcast and multicast concern the packet path only', () => {
    expect(
      routed([
        { destinationPrefix: '224.0.0.0/4', nextHop: '239.1.2.3' },
        { destinationPrefix: '255.255.255.255/32', nextHop: '239.1.2.3' },
        { destinationPrefix: '192.168.2.255/32', nextHop: '239.1.2.3' },
      ]),
    ).toEqual([
      ...SUBNET_TABLE,
      'customerRoute blue 224.0.0.0/4 multicast 5002',
      'customerRoute blue 255.255.255.255/32 multicast 5002',
      SUBNET_ROUTE,
    ]);
  });
});

describe('the software router of the seed’s appendix B', () => {
  const mac = { macAddress: '00-15-5D-14-3C-02' };
  const objects = blue({
    virtualSubnets: [
      { vsid: 5001, prefixes: ['192.168.1.0/24'] },
      { vsid: 5002, prefixes: ['192.168.2.0/24'] },
    ],
    lookupRecords: [
      record(5001, '192.168.1.101', '10.1.1.20'),
      record(5001, '192.168.1.1', '169.254.254.254', { macAddress: '10-10-10-10-10-01' }),
      record(5002, '192.168.2.250', '10.1.1.40', mac),
      record(5002, '0.0.0.0', '10.1.1.40', mac),
      record(5002, '192.168.2.1', '169.254.254.254', { macAddress: '10-10-10-10-10-11' }),
    ],
    customerRoutes: [
      { vsid: 5001, destinationPrefix: '192.168.1.0/24', nextHop: '0.0.0.0', metric: 255 },
      { vsid: 5002, destinationPrefix: '192.168.2.0/24', nextHop: '0.0.0.0', metric: 255 },
      { vsid: 5002, destinationPrefix: '0.0.0.0/0', nextHop: '192.168.2.250', metric: 255 },
    ],
    connections: [{ id: 'internet', type: 'nat', externalAddress: '203.0.113.10' }],
  });

  it('is this gateway, which sends what comes to it out by its connection', () => {
    expect(linesOf(objects, 'route blue', 'customerRoute', 'address', 'providerPeer')).toEqual([
      'address blue ext 192.0.0.8 /32',
      'address blue ext 203.0.113.10 /32',
      'address blue vnet 192.168.1.1 /32',
      'address blue vnet 192.168.2.1 /32',
      'address blue vnet 192.168.2.250 /32',
      'customerRoute blue 192.168.1.0/24 onLink 5001',
      'customerRoute blue 192.168.1.255/32 multicast 5001',
      'customerRoute blue 192.168.2.0/24 onLink 5002',
      'customerRoute blue 192.168.2.255/32 multicast 5002',
      'providerPeer blue 10.1.1.20',
      'route blue 0.0.0.0/0 1 dev ext src 203.0.113.10',
      'route blue 192.168.1.0/24 256 dev vnet src 192.168.1.1',
      'route blue 192.168.2.0/24 256 dev vnet src 192.168.2.250',
    ]);
    expect(linesOf(objects, 'virtualSubnet', 'lookupRecord')).toEqual([
      'lookupRecord blue 192.168.1.1 vsid 5001 10-10-10-10-10-01 local',
      'lookupRecord blue 192.168.1.101 vsid 5001 00-15-5D-00-00-01 at 10.1.1.20 onLink',
      'lookupRecord blue 192.168.2.1 vsid 5002 10-10-10-10-10-11 local',
      'lookupRecord blue 192.168.2.250 vsid 5002 00-15-5D-14-3C-02 local',
      'virtualSubnet 5001 blue from 10.1.1.40 dev underlay source 10-10-10-10-10-01 gateway 10-10-10-10-10-01 on link /24',
      'virtualSubnet 5002 blue from 10.1.1.40 dev underlay source 00-15-5D-14-3C-02 gateway 10-10-10-10-10-11 on link /24',
    ]);
  });
});

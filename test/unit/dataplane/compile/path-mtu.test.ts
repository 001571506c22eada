import { describe, expect, it } from 'vitest';
import type { RoutingDomainDocument } from '../../../../provider/schemas.js';
import { compile } from '../../../../src/dataplane/compile/compile.js';
import { ProviderAddress } from '../../../../src/model/addresses.js';
import { parseIpv4 } from '../../../../src/net/ip.js';
import { linesOf } from '../../../support/kernel-state.js';
import { BLUE, ENVIRONMENT, policyOf } from '../../../support/policy-of.js';

const OWN_PA = { address: '10.1.1.40', prefixLength: 24, interface: 'underlay' };
const SUBNETS = [{ vsid: 5001, prefixes: ['192.168.1.0/24', 'fd00:1::/64'] }];

function blueObjects(
  domain: Omit<RoutingDomainDocument, 'id'>,
  mtus: Readonly<Record<string, number>>,
) {
  const policy = policyOf({
    providerAddresses: [OWN_PA],
    routingDomains: [{ id: BLUE, virtualSubnets: SUBNETS, ...domain }],
  });
  const pathMtus = new Map(
    Object.entries(mtus).map(([peer, mtu]) => [ProviderAddress(parseIpv4(peer)), mtu]),
  );
  return compile(
    policy,
    { ...ENVIRONMENT, pathMtus },
    { gateway: false, domains: new Set([BLUE]) },
  );
}

function withMtus(
  domain: Omit<RoutingDomainDocument, 'id'>,
  mtus: Readonly<Record<string, number>>,
): string[] {
  return linesOf(blueObjects(domain, mtus), 'route');
}

function record(customerAddress: string, providerAddress: string, rest: object = {}) {
  return {
    ...{ vsid: 5001, customerAddress, providerAddress, macAddress: '00-15-5D-00-00-01' },
    ...rest,
  };
}

const OWN_ROUTES = [
  'route blue 192.168.1.0/24 1 dev vnet src 192.168.1.1',
  'route blue fd00:1::/64 1 dev vnet src fd00:1::1',
];

describe('a path MTU', () => {
  const lookupRecords = [
    record('192.168.1.101', '10.1.1.20'),
    record('fd00:1::101', '10.1.1.20'),
    record('192.168.1.102', '10.1.1.30'),
  ];

  it('gives each VM behind the peer a route of its own, the others none', () => {
    expect(withMtus({ lookupRecords }, { '10.1.1.20': 1400 })).toEqual([
      OWN_ROUTES[0],
      'route blue 192.168.1.101/32 0 dev vnet src 192.168.1.1 mtu 1358',
      OWN_ROUTES[1],
      'route blue fd00:1::101/128 0 dev vnet src fd00:1::1 mtu 1358',
    ]);
  });

  it('limits what the packet path sends there in place', () => {
    const limits = blueObjects({ lookupRecords }, { '10.1.1.20': 1400 }).flatMap((object) =>
      object.kind === 'lookupRecord' && !object.entry.local ? [object.entry.maxLength] : [],
    );
    expect(limits).toEqual([1358, 1358, undefined]);
  });

  it('never tells IPv6 of less than 1280', () => {
    expect(withMtus({ lookupRecords }, { '10.1.1.20': 600 })).toEqual(
      expect.arrayContaining([
        'route blue 192.168.1.101/32 0 dev vnet src 192.168.1.1 mtu 558',
        'route blue fd00:1::101/128 0 dev vnet src fd00:1::1 mtu 1280',
      ]),
    );
  });

  it('that is no smaller than the underlay device’s changes nothing', () => {
    expect(withMtus({ lookupRecords }, { '10.1.1.20': 1500, '10.1.1.30': 9000 })).toEqual(
      OWN_ROUTES,
    );
  });

  it('is on the routes through a router VM', () => {
    const routes = withMtus(
      {
        lookupRecords,
        customerRoutes: [
          {
            ...{ vsid: 5001, destinationPrefix: '10.20.0.0/16', nextHop: '192.168.1.101' },
            metric: 5,
          },
        ],
      },
      { '10.1.1.20': 1400 },
    );
    expect(routes).toContain('route blue 10.20.0.0/16 6 dev vnet src 192.168.1.1 mtu 1358');
  });

  it('is on the subnet’s own route where its wildcard is behind the peer', () => {
    const wildcard = record('0.0.0.0', '10.1.1.20', { type: 'gatewayWildcard' });
    expect(withMtus({ lookupRecords: [wildcard] }, { '10.1.1.20': 1400 })).toEqual([
      'route blue 192.168.1.0/24 1 dev vnet src 192.168.1.1 mtu 1358',
      OWN_ROUTES[1],
    ]);
  });

  it('leads nothing into the virtual network that the policy routes to the outside', () => {
    const routes = withMtus(
      {
        lookupRecords: [record('192.168.1.101', '10.1.1.20')],
        connections: [
          {
            ...{ id: 'corp', type: 'routed' },
            routes: [{ destinationPrefix: '192.168.1.101/32', metric: 0 }],
          },
        ],
      },
      { '10.1.1.20': 1400 },
    );
    expect(routes.filter((line) => line.includes('192.168.1.101/32'))).toEqual([
      'route blue 192.168.1.101/32 1 dev ext src 192.168.1.1',
    ]);
  });

  it('is one route for each VM, however many there are', () => {
    const many = Array.from({ length: 10_000 }, (_, n) =>
      record(`10.5.${Math.floor(n / 250)}.${(n % 250) + 2}`, '10.1.1.20'),
    );
    const virtualSubnets = [{ vsid: 5001, prefixes: ['10.5.0.0/16'] }];
    expect(withMtus({ virtualSubnets, lookupRecords: many }, { '10.1.1.20': 1400 })).toHaveLength(
      10_001,
    );
  });
});

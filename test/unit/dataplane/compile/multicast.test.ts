import { describe, expect, it } from 'vitest';
import type { RoutingDomainDocument } from '../../../../provider/schemas.js';
import { compile } from '../../../../src/dataplane/compile/compile.js';
import type { KernelObject } from '../../../../src/dataplane/kernel-object.js';
import { formatIp, type Ipv4 } from '../../../../src/net/ip.js';
import { linesOf } from '../../../support/kernel-state.js';
import { BLUE, ENVIRONMENT, policyOf, RED } from '../../../support/policy-of.js';

type Routes = NonNullable<RoutingDomainDocument['customerRoutes']>;

const PROVIDER_ADDRESSES = [
  { address: '10.1.1.40', prefixLength: 24, interface: 'underlay' },
  { address: '10.2.2.40', prefixLength: 24, interface: 'second' },
];

function record(vsid: number, customerAddress: string, providerAddress: string, type = 'static') {
  const macAddress = '00-15-5D-00-00-01';
  return { ...{ vsid, customerAddress, providerAddress, macAddress }, type: type as 'static' };
}

function domain(id: string, vsid: number, more: Partial<RoutingDomainDocument>) {
  return { id, virtualSubnets: [{ vsid, prefixes: ['192.168.1.0/24', 'fd00:1::/64'] }], ...more };
}

function compiled(...routingDomains: RoutingDomainDocument[]): KernelObject[] {
  const policy = policyOf({ providerAddresses: PROVIDER_ADDRESSES, routingDomains });
  return compile(policy, ENVIRONMENT, 'all');
}

describe('the hosts of a virtual subnet', () => {
  const hosts = (lookupRecords: RoutingDomainDocument['lookupRecords']): string[] =>
    linesOf(compiled(domain(BLUE, 5001, { lookupRecords: lookupRecords ?? [] })), 'replication');

  it('are the PAs of its records, each once, but not the gateway’s own', () => {
    expect(
      hosts([
        record(5001, '192.168.1.12', '10.1.1.30'),
        record(5001, '192.168.1.10', '10.1.1.20'),
        record(5001, '192.168.1.11', '10.1.1.20', 'l2only'),
        record(5001, 'fd00:1::10', '10.1.1.21'),
        record(5001, '192.168.1.13', '10.1.1.40'),
        record(5001, '192.168.1.1', '169.254.254.254'),
        record(5001, '0.0.0.0', '10.1.1.9', 'gatewayWildcard'),
      ]),
    ).toEqual(['replication 5001 to 10.1.1.9 10.1.1.20 10.1.1.21 10.1.1.30 left out 0 rate 1000']);
  });

  it('are none where there are no records', () => {
    expect(hosts([])).toEqual(['replication 5001 to left out 0 rate 1000']);
  });

  it('are the first 64; the rest is counted', () => {
    const records = Array.from({ length: 70 }, (_, index) =>
      record(5001, `192.168.1.${index + 10}`, formatIp((0x0a010300 + 70 - index) as Ipv4)),
    );
    const [line = ''] = hosts(records);
    const [addresses = ''] = line.replace('replication 5001 to ', '').split(' left out ');
    expect(addresses.split(' ')).toHaveLength(64);
    expect(addresses).toMatch(/^10\.1\.3\.1 .* 10\.1\.3\.64$/);
    expect(line).toMatch(/ left out 6 rate 1000$/);
  });
});

describe('routes for broadcast and multicast', () => {
  const lines = (customerRoutes: Routes, ...starts: string[]): string[] =>
    linesOf(compiled(domain(BLUE, 5001, { customerRoutes })), ...starts);

  it('name groups, which the subnet’s packets may come by', () => {
    expect(
      lines(
        [
          { vsid: 5001, destinationPrefix: '224.0.0.0/4', nextHop: '239.1.2.3' },
          { vsid: 5001, destinationPrefix: 'ff00::/8', nextHop: '239.1.2.3' },
          { vsid: 5001, destinationPrefix: '192.168.1.255/32', nextHop: '239.1.2.4' },
        ],
        ...['multicastRoute', 'providerGroup', 'customerRoute', 'address gateway underlay'],
      ),
    ).toEqual([
      'address gateway underlay 10.1.1.40 /24',
      'address gateway underlay 239.1.2.3 /32',
      'address gateway underlay 239.1.2.4 /32',
      'customerRoute blue 192.168.1.0/24 onLink 5001',
      'customerRoute blue 192.168.1.255/32 multicast 5001',
      'customerRoute blue 224.0.0.0/4 multicast 5001',
      'customerRoute blue fd00:1::/64 onLink 5001',
      'customerRoute blue ff00::/8 multicast 5001',
      'multicastRoute 5001 192.168.1.255/32 239.1.2.4',
      'multicastRoute 5001 224.0.0.0/4 239.1.2.3',
      'multicastRoute 5001 ff00::/8 239.1.2.3',
      'providerGroup 5001 239.1.2.3',
      'providerGroup 5001 239.1.2.4',
    ]);
  });

  it('on link say that each host gets a copy', () => {
    expect(
      lines(
        [
          { vsid: 5001, destinationPrefix: '224.0.0.0/4', nextHop: '239.1.2.3' },
          { vsid: 5001, destinationPrefix: '239.5.0.0/16', nextHop: '0.0.0.0' },
        ],
        ...['multicastRoute', 'providerGroup', 'route blue 239'],
      ),
    ).toEqual([
      'multicastRoute 5001 224.0.0.0/4 239.1.2.3',
      'multicastRoute 5001 239.5.0.0/16 copies',
      'providerGroup 5001 239.1.2.3',
    ]);
  });

  it('of one subnet to one destination compete by their metric', () => {
    const route = { vsid: 5001, destinationPrefix: '224.0.0.0/4' };
    expect(
      lines(
        [
          { ...route, nextHop: '239.1.2.3', metric: 20 },
          { ...route, nextHop: '239.1.2.4', metric: 10 },
        ],
        'multicastRoute',
        'providerGroup',
      ),
    ).toEqual(['multicastRoute 5001 224.0.0.0/4 239.1.2.4', 'providerGroup 5001 239.1.2.4']);
  });
});

describe('memberships', () => {
  const route = (vsid: number, nextHop = '239.1.2.3'): Routes => [
    { vsid, destinationPrefix: '224.0.0.0/4', nextHop },
  ];

  it('are one for a group and a device, however many subnets share it', () => {
    const objects = compiled(
      domain(BLUE, 5001, { customerRoutes: route(5001) }),
      domain(RED, 6001, { customerRoutes: route(6001) }),
    );
    expect(linesOf(objects, 'address gateway underlay 239')).toEqual([
      'address gateway underlay 239.1.2.3 /32',
    ]);
    expect(linesOf(objects, 'providerGroup')).toEqual([
      'providerGroup 5001 239.1.2.3',
      'providerGroup 6001 239.1.2.3',
    ]);
  });

  it('are on the device of the routing domain’s own PA', () => {
    const objects = compiled(
      domain(BLUE, 5001, { providerAddress: '10.2.2.40', customerRoutes: route(5001) }),
    );
    expect(linesOf(objects, 'address gateway')).toEqual([
      'address gateway second 10.2.2.40 /24',
      'address gateway second 239.1.2.3 /32',
      'address gateway underlay 10.1.1.40 /24',
    ]);
  });
});

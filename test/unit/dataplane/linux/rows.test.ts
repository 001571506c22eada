import { expect, test } from 'vitest';
import { LAST_RESORT_METRIC } from '../../../../src/dataplane/compile/metric.js';
import type { Device } from '../../../../src/dataplane/kernel-object.js';
import type { LinkRow } from '../../../../src/dataplane/linux/read-place.js';
import {
  kernelMetric,
  observedAddresses,
  observedProxies,
  observedRoutes,
} from '../../../../src/dataplane/linux/rows.js';
import { RoutingDomainId } from '../../../../src/model/routing-domain-id.js';
import { parseIp } from '../../../../src/net/ip.js';
import { parsePrefix } from '../../../../src/net/prefix.js';

const domain = RoutingDomainId('11111111-2222-3333-4444-000000005001');
const underlay: Device = { kind: 'configured', name: 'underlay' };
const names = new Map([['eth1', underlay]]);

const eth1: LinkRow = {
  ifindex: 2,
  ifname: 'eth1',
  flags: ['UP'],
  mtu: 1500,
  group: 'default',
  address: '02:00:00:00:00:01',
  gso_max_size: 65536,
  gro_max_size: 65536,
  addr_info: [
    { family: 'inet', local: '10.1.1.40', prefixlen: 24, scope: 'global' },
    { family: 'inet', local: '10.1.1.40', prefixlen: 32, metric: 7637, scope: 'global' },
    { family: 'inet', local: '10.1.1.41', prefixlen: 24, scope: 'global' },
    { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' },
  ],
};

test('an address with our metric is ours, another the operator’s, ours first', () => {
  expect(observedAddresses('gateway', [eth1], names)).toEqual([
    {
      kind: 'address',
      place: 'gateway',
      device: underlay,
      address: parseIp('10.1.1.40'),
      prefixLength: 32,
    },
    {
      kind: 'address',
      place: 'gateway',
      device: underlay,
      address: parseIp('10.1.1.41'),
      prefixLength: 24,
      foreign: true,
    },
  ]);
});

test('in a routing domain every address is ours, and devices without a name are left out', () => {
  const found = observedAddresses(domain, [eth1, { ...eth1, ifname: 'lo' }], names);
  expect(found.map((object) => object.foreign)).toEqual([undefined, undefined]);
});

test('routes of both families come back as they were asked for', () => {
  const routes = observedRoutes(
    'gateway',
    {
      ipv4: [
        { type: 'unicast', dst: 'default', gateway: '10.1.1.1', dev: 'eth1' },
        { type: 'unicast', dst: '192.168.1.7', dev: 'eth1', metrics: [{ mtu: 1400 }], metric: 5 },
        { type: 'unicast', dst: '192.168.2.0/24', dev: 'somebody-elses' },
      ],
      ipv6: [
        { type: 'unicast', dst: 'default', dev: 'eth1', prefsrc: '2001:db8::1', metric: 11 },
        { type: 'unreachable', dst: '2001:db8:2::/48', dev: 'lo', metric: 1 },
      ],
    },
    names,
  );
  const route = { kind: 'route', place: 'gateway' };
  expect(routes).toEqual([
    {
      ...route,
      destinationPrefix: parsePrefix('0.0.0.0/0'),
      metric: 0,
      target: { via: parseIp('10.1.1.1') },
    },
    {
      ...route,
      destinationPrefix: parsePrefix('192.168.1.7/32'),
      metric: 5,
      target: { device: underlay, mtu: 1400 },
    },
    {
      ...route,
      destinationPrefix: parsePrefix('::/0'),
      metric: 10,
      target: { device: underlay, source: parseIp('2001:db8::1') },
    },
    {
      ...route,
      destinationPrefix: parsePrefix('2001:db8:2::/48'),
      metric: 0,
      target: 'unreachable',
    },
  ]);
});

test('a route of the table external is told from one of the main table; other tables are not ours', () => {
  const row = { type: 'throw', dst: '192.168.1.0/24', metric: 1 };
  const ipv4 = ['main', '76', '220'].map((table) => ({ ...row, table }));
  expect(
    observedRoutes(domain, { ipv4, ipv6: [] }, names).map(({ table, target }) => [table, target]),
  ).toEqual([
    [undefined, 'throw'],
    ['external', 'throw'],
  ]);
});

test('a route into a tunnel comes back by the device’s name', () => {
  const tunnel: Device = { kind: 'tunnel', name: 'ipsec0' };
  const ipv4 = [{ type: 'unicast', dst: '10.9.0.0/16', dev: 'ipsec0', table: 'main', metric: 1 }];
  const [route] = observedRoutes(domain, { ipv4, ipv6: [] }, new Map([['ipsec0', tunnel]]));
  expect(route?.target).toEqual({ device: tunnel });
});

test('the largest metric is one that both families have', () => {
  expect(kernelMetric(parsePrefix('0.0.0.0/0'), LAST_RESORT_METRIC)).toBeLessThan(2 ** 32);
  expect(kernelMetric(parsePrefix('::/0'), LAST_RESORT_METRIC)).toBeLessThan(2 ** 32);
});

test('metric 0 of IPv6 is one that the kernel knows', () => {
  expect(kernelMetric(parsePrefix('::/0'), 0)).toBe(1);
  expect(kernelMetric(parsePrefix('0.0.0.0/0'), 0)).toBe(0);
});

test('a proxy neighbour without our protocol number is somebody else’s', () => {
  const found = observedProxies(
    [
      { dst: '203.0.113.10', dev: 'eth1', protocol: '76' },
      { dst: '203.0.113.11', dev: 'eth1' },
      { dst: '203.0.113.12', dev: 'eth9', protocol: '76' },
    ],
    names,
  );
  const proxy = { kind: 'proxyNeighbour', device: underlay };
  expect(found).toEqual([
    { ...proxy, address: parseIp('203.0.113.10') },
    { ...proxy, address: parseIp('203.0.113.11'), foreign: true },
  ]);
});

import { describe, it } from 'vitest';
import type { ErrorCode } from '../../../../src/errors.js';
import { expectErrors, expectWarnings } from '../../../support/findings.js';
import {
  addRecord,
  addRoute,
  addSubnet,
  blueAndRed,
  record,
  route,
  subnet,
} from '../../../support/policy-builder.js';

describe('customer routes that are fine', () => {
  it.each([
    ['through a router VM', 5001, '10.0.0.0/8', '192.168.1.101'],
    ['through the gateway address', 5001, '0.0.0.0/0', '192.168.1.1'],
    ['broadcast to a group', 5001, '255.255.255.255/32', '239.0.1.1'],
    ['subnet broadcast to a group', 5001, '192.168.1.255/32', '239.0.1.1'],
    ['multicast to a group', 5001, '224.0.0.0/4', '239.0.1.1'],
    ['some multicast to a group', 5001, '239.1.0.0/16', '239.0.1.1'],
    ['IPv6 multicast to a group', 5001, 'ff00::/8', '239.0.1.1'],
    ['part of the subnet on link', 5001, '192.168.1.0/25', '0.0.0.0'],
  ])('%s', (_, vsid, destination, nextHop) => {
    const { policy, blue } = blueAndRed();
    addRoute(blue, route(vsid, destination, nextHop));
    expectWarnings(policy, []);
  });

  it('through an own-address record', () => {
    const { policy, blue } = blueAndRed();
    addRecord(blue, record(5002, '192.168.2.250', { pa: '10.1.1.40' }));
    addRoute(blue, route(5002, '0.0.0.0/0', '192.168.2.250'));
    expectErrors(policy, []);
  });

  it('everything on link, where the subnet has a wildcard record', () => {
    const { policy, blue } = blueAndRed();
    addRecord(blue, record(5002, '0.0.0.0', { type: 'gatewayWildcard' }));
    addRoute(blue, route(5002, '172.16.0.0/12', '0.0.0.0'));
    expectWarnings(policy, []);
  });

  it('broadcast of two subnets, each with its group', () => {
    const { policy, blue } = blueAndRed();
    addRoute(blue, route(5001, '255.255.255.255/32', '239.0.1.1'));
    addRoute(blue, route(5002, '255.255.255.255/32', '239.0.1.2'));
    expectErrors(policy, []);
  });

  it('to one destination with two metrics', () => {
    const { policy, blue } = blueAndRed();
    addRoute(blue, route(5001, '10.0.0.0/8', '192.168.1.101', 1));
    addRoute(blue, route(5002, '10.0.0.0/8', '192.168.2.102', 2));
    expectErrors(policy, []);
  });
});

describe('customer routes that are refused', () => {
  const refused: [string, number, string, string, string, ErrorCode][] = [
    ['unknown VSID', 5005, '10.0.0.0/8', '0.0.0.0', 'vsid', 'unknownVirtualSubnet'],
    ['no record', 5001, '10.0.0.0/8', '192.168.1.77', 'nextHop', 'unreachableNextHop'],
    ['another subnet', 5001, '10.0.0.0/8', '192.168.2.102', 'nextHop', 'unreachableNextHop'],
    ['outside', 5001, '10.0.0.0/8', '172.16.0.1', 'nextHop', 'unreachableNextHop'],
    ['families differ', 5001, '2001:db8::/32', '192.168.1.101', 'nextHop', 'invalidAddress'],
    ['families differ on link', 5001, '10.0.0.0/8', '::', 'nextHop', 'invalidAddress'],
    ['link group', 5001, '224.0.0.0/4', '224.0.0.5', 'nextHop', 'invalidMulticastGroup'],
    ['IPv6 group', 5001, 'ff00::/8', 'ff0e::1', 'nextHop', 'invalidMulticastGroup'],
    ['unicast', 5001, '10.0.0.0/8', '239.0.1.1', 'destinationPrefix', 'invalidMulticastGroup'],
    [
      'broadcast of another subnet',
      5001,
      '192.168.2.255/32',
      '239.0.1.1',
      'destinationPrefix',
      'invalidMulticastGroup',
    ],
  ];
  it.each(refused)('%s', (_, vsid, destination, nextHop, field, code) => {
    const { policy, blue } = blueAndRed();
    const bad = addRoute(blue, route(vsid, destination, nextHop));
    expectErrors(policy, [[bad, field, code]]);
  });

  it('two next hops of one metric', () => {
    const { policy, blue } = blueAndRed();
    addSubnet(blue, subnet(5003, ['192.168.3.0/24']));
    addRoute(blue, route(5001, '10.0.0.0/8', '192.168.1.101'));
    const second = addRoute(blue, route(5003, '10.0.0.0/8', '192.168.3.1'));
    expectErrors(policy, [[second, '', 'duplicate']]);
  });
});

describe('customer routes that are taken with a warning', () => {
  it.each(['239.0.0.9', '239.128.0.9', '232.1.1.1'])('group %s', (group) => {
    const { policy, blue } = blueAndRed();
    const noted = addRoute(blue, route(5001, '224.0.0.0/4', group));
    expectWarnings(policy, [[noted, 'nextHop', 'invalidMulticastGroup']]);
  });

  it('on link where nothing answers', () => {
    const { policy, blue } = blueAndRed();
    const noted = addRoute(blue, route(5001, '172.16.0.0/12', '0.0.0.0'));
    expectWarnings(policy, [[noted, 'nextHop', 'unreachableNextHop']]);
  });
});

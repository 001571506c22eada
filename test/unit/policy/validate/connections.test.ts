import { describe, expect, it } from 'vitest';
import { validatePolicy } from '../../../../src/policy/validate/index.js';
import type { ErrorCode } from '../../../../src/errors.js';
import { expectErrors } from '../../../support/findings.js';
import {
  addConnection,
  blueAndRed,
  BLUE,
  ENVIRONMENT,
  forward,
  nat,
  RED,
  routed,
} from '../../../support/policy-builder.js';

describe('connections that are fine', () => {
  it('a wide route, for the subnets are the longer match', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, routed('all', ['0.0.0.0/0', '192.168.0.0/16']));
    expectErrors(policy, []);
  });

  it('one external address for several tenants, on one device', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, nat('shared', '203.0.113.10', [forward('w', 8081, '192.168.1.101', 80)]));
    expectErrors(policy, []);
  });

  it('one port for TCP and UDP, and one on two addresses', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, nat('a', '203.0.113.10', [forward('d', 8080, '192.168.1.101', 53, 'udp')]));
    addConnection(
      blue,
      nat('b', '203.0.113.11', [forward('w', 8080, '192.168.1.101', 80)], {
        routes: ['198.51.100.0/24'],
      }),
    );
    expectErrors(policy, []);
  });
});

describe('connections of one routing domain', () => {
  it('a routed one needs a route', () => {
    const { policy, blue } = blueAndRed();
    const bad = addConnection(blue, routed('lost', []));
    expectErrors(policy, [[bad, 'routes', 'missingField']]);
  });

  it.each(['192.168.2.0/24', '192.168.2.128/25'])(
    'route %s takes addresses of a subnet away',
    (destination) => {
      const { policy, blue } = blueAndRed();
      const bad = addConnection(blue, routed('x', ['10.0.0.0/8', destination]));
      expectErrors(policy, [[bad, 'routes/1/destinationPrefix', 'overlappingPrefix']]);
    },
  );

  it('two of them lead to one destination with one metric', () => {
    const { policy, blue } = blueAndRed();
    const bad = addConnection(blue, routed('corp2', ['192.168.101.0/24']));
    expectErrors(policy, [[bad, 'routes/0/destinationPrefix', 'overlappingPrefix']]);
  });

  it('one of them names a destination twice', () => {
    const { policy, blue } = blueAndRed();
    const bad = addConnection(blue, routed('twice', ['10.0.0.0/8', '10.0.0.0/8']));
    expectErrors(policy, [[bad, 'routes/1/destinationPrefix', 'duplicate']]);
  });

  it('two NAT connections lead everywhere', () => {
    const { policy, red } = blueAndRed();
    const bad = addConnection(red, nat('second', '203.0.113.11'));
    expectErrors(policy, [[bad, 'routes/0/destinationPrefix', 'overlappingPrefix']]);
  });

  it('two NAT connections have different addresses', () => {
    const { policy, red } = blueAndRed();
    const bad = addConnection(
      red,
      nat('second', '203.0.113.10', [], { routes: ['198.51.100.0/24'] }),
    );
    expectErrors(policy, [[bad, 'externalAddress', 'externalAddressConflict']]);
  });

  it('the device is configured', () => {
    const { policy, blue } = blueAndRed();
    const bad = addConnection(blue, routed('x', ['10.0.0.0/8'], 'dmz'));
    expectErrors(policy, [[bad, 'interface', 'unknownInterface']]);
  });

  it('some device is configured', () => {
    const { policy, blue, red } = blueAndRed();
    const environment = { ...ENVIRONMENT, external: [] };
    const connections = [...blue.connections.values(), ...red.connections.values()];
    expectErrors(
      policy,
      connections.map((each) => [each, 'interface', 'unknownInterface']),
      environment,
    );
  });

  const external: [string, ErrorCode][] = [
    ['224.0.0.1', 'invalidAddress'],
    ['127.0.0.1', 'invalidAddress'],
    ['0.0.0.0', 'invalidAddress'],
    ['10.1.1.40', 'externalAddressConflict'],
    ['192.168.1.9', 'externalAddressConflict'],
  ];
  it.each(external)('%s is no external address', (address, code) => {
    const { policy, blue } = blueAndRed();
    const bad = addConnection(blue, nat('x', address));
    expectErrors(policy, [[bad, 'externalAddress', code]]);
  });

  it('rules forward into a subnet, in one family; routes too', () => {
    const { policy, blue } = blueAndRed();
    const rules = [
      forward('outside', 1, '192.168.7.1', 80),
      forward('family', 2, '2001:db8::1', 80),
    ];
    const bad = addConnection(blue, nat('x', '203.0.113.20', rules, { routes: ['2001:db8::/32'] }));
    expectErrors(policy, [
      [bad, 'rules/0/internalAddress', 'outsideVirtualSubnet'],
      [bad, 'rules/1/internalAddress', 'invalidAddress'],
      [bad, 'routes/0/destinationPrefix', 'invalidPrefix'],
    ]);
  });
});

describe('connections of several routing domains', () => {
  it('a port of a shared address belongs to one rule', () => {
    const { policy, blue } = blueAndRed();
    const rules = [forward('web', 8080, '192.168.1.101', 80)];
    addConnection(blue, nat('shared', '203.0.113.10', rules));
    // Blue was there first, so red has to make way.
    const [red] = policy.routingDomains.get(RED)?.connections.values() ?? [];
    expectErrors(policy, [[red ?? {}, 'rules/0/externalPort', 'externalAddressConflict']]);
    expect(validatePolicy(policy, ENVIRONMENT).errors[0]?.message).toContain(BLUE);
  });

  it('two rules of one connection want one port', () => {
    const { policy, blue } = blueAndRed();
    const rules = [forward('a', 80, '192.168.1.101', 80), forward('b', 80, '192.168.1.101', 81)];
    const bad = addConnection(blue, nat('x', '203.0.113.20', rules));
    expectErrors(policy, [[bad, 'rules/1/externalPort', 'externalAddressConflict']]);
  });

  it('a shared address is held on one device', () => {
    const { policy, blue, red } = blueAndRed();
    addConnection(blue, nat('shared', '203.0.113.10', [], { device: 'internet' }));
    const [bad] = red.connections.values();
    expectErrors(policy, [[bad ?? {}, 'interface', 'externalAddressConflict']]);
  });

  it('two of them show overlapping prefixes to one device', () => {
    const { policy, red } = blueAndRed();
    const bad = addConnection(red, routed('corp', ['192.168.101.0/24']));
    expectErrors(policy, [
      [bad, '', 'overlappingPrefix'],
      [bad, '', 'overlappingPrefix'],
    ]);
    const [error] = validatePolicy(policy, ENVIRONMENT).errors;
    expect(error?.message).toContain(BLUE);
    expect(error?.message).toContain(RED);
  });
});

describe('prefixes shown to the physical network', () => {
  it('another device does not help: one routing table serves them all', () => {
    const { policy, red } = blueAndRed();
    const bad = addConnection(red, routed('corp', ['192.168.101.0/24'], 'internet'));
    const found = validatePolicy(policy, ENVIRONMENT).errors;
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map(({ code }) => code))).toEqual(new Set(['overlappingPrefix']));
    expect(found.map(({ subject }) => subject)).toContain(bad);
  });
});

import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../../src/model/connection.js';
import type { Ikev2Connection } from '../../../../src/model/remote-connection.js';
import { createPolicyState } from '../../../../src/policy/state.js';
import { validatePolicy, validateTouched } from '../../../../src/policy/validate/index.js';
import { expectErrors, expectFindings } from '../../../support/findings.js';
import {
  addConnection,
  blueAndRed,
  BLUE,
  ENVIRONMENT,
  forward,
  nat,
} from '../../../support/policy-builder.js';
import { ikev2, l2tp, pptp, type RemoteOptions } from '../../../support/remote-connections.js';

const PEER = '198.51.100.2';
const OTHER_PEER = '198.51.100.3';
const ANY = null;
const ELSEWHERE = '203.0.113.21';

/** Of the same source address, with routes that do not meet. */
function tunnel(
  id: string,
  destination: string | null,
  fields: Partial<Ikev2Connection> = {},
  options: RemoteOptions = {},
): Ikev2Connection {
  const routes = [`10.${id.charCodeAt(0)}.0.0/16`];
  return ikev2(id, { destination, routes, ...options }, fields);
}

const MOVES = { peerAddressMayChange: true };
const named = (remoteIdentity: string) => ({ remoteIdentity });

/** A connection of blue and one of red; red's is to blame, because blue was there first. */
function expectRefused(blues: Connection, reds: Connection, field?: string): void {
  const { policy, blue, red } = blueAndRed();
  addConnection(blue, blues);
  addConnection(red, reds);
  expectErrors(policy, field === undefined ? [] : [[reds, field, 'peersNotDistinguishable']]);
  if (field !== undefined)
    expect(validatePolicy(policy, ENVIRONMENT).errors[0]?.message).toContain(BLUE);
}

function expectOfBlue(first: Connection, second: Connection, field?: string): void {
  const { policy, blue } = blueAndRed();
  addConnection(blue, first);
  addConnection(blue, second);
  expectErrors(policy, field === undefined ? [] : [[second, field, 'peersNotDistinguishable']]);
}

describe('peers of two routing domains at one address', () => {
  const cases: [string, Ikev2Connection, Ikev2Connection, string?][] = [
    ['have different addresses', tunnel('a', PEER), tunnel('b', OTHER_PEER)],
    ['have one address', tunnel('a', PEER), tunnel('b', PEER), 'destinationAddress'],
    [
      'have one address, whatever they call themselves',
      tunnel('a', PEER, named('a.example')),
      tunnel('b', PEER, named('b.example')),
      'destinationAddress',
    ],
    ['are a known and an unknown one', tunnel('a', PEER), tunnel('b', ANY)],
    ['are both unknown', tunnel('a', ANY), tunnel('b', ANY), 'destinationAddress'],
    [
      'are both unknown, whatever they call themselves',
      tunnel('a', ANY, named('a.example')),
      tunnel('b', ANY, named('b.example')),
      'destinationAddress',
    ],
    [
      'are unknown and may move',
      tunnel('a', ANY),
      tunnel('b', PEER, MOVES),
      'peerAddressMayChange',
    ],
    ['may move and are unknown', tunnel('a', PEER, MOVES), tunnel('b', ANY), 'destinationAddress'],
    [
      'may both move',
      tunnel('a', PEER, MOVES),
      tunnel('b', OTHER_PEER, MOVES),
      'peerAddressMayChange',
    ],
    ['are a fixed one and one that may move', tunnel('a', PEER), tunnel('b', OTHER_PEER, MOVES)],
    [
      'are called at one address, from which one may move',
      tunnel('a', PEER),
      tunnel('b', PEER, MOVES),
      'destinationAddress',
    ],
    [
      'are called at one address, and may both move',
      tunnel('a', PEER, MOVES),
      tunnel('b', PEER, MOVES),
      'destinationAddress',
    ],
    [
      'have one address, but come to different ones of the gateway',
      tunnel('a', PEER),
      tunnel('b', PEER, {}, { source: ELSEWHERE }),
    ],
  ];
  it.each(cases)('%s', (_, blues, reds, field) => {
    expectRefused(blues, reds, field);
  });
});

it('a push has to make way for what is there already, whoever used the address first', () => {
  const { policy, blue, red } = blueAndRed();
  addConnection(blue, tunnel('a', PEER));
  addConnection(blue, tunnel('c', '198.51.100.4'));
  addConnection(red, tunnel('b', OTHER_PEER));
  const state = createPolicyState(policy);
  const value = tunnel('a', OTHER_PEER);
  const { touched } = state.apply([
    { op: 'upsert', kind: 'connection', routingDomain: BLUE, value },
  ]);
  const view = { policy: state.policy, index: state.index, environment: ENVIRONMENT };
  expectFindings(validateTouched(view, touched).errors, [
    [value, 'destinationAddress', 'peersNotDistinguishable'],
  ]);
});

describe('peers of one routing domain at one address', () => {
  const cases: [string, Connection, Connection, string?][] = [
    ['have one address and no names', tunnel('a', PEER), tunnel('b', PEER), 'destinationAddress'],
    [
      'have one address and only one has a name',
      tunnel('a', PEER),
      tunnel('b', PEER, named('b.example')),
      'destinationAddress',
    ],
    [
      'have one address and one name',
      tunnel('a', PEER, named('x.example')),
      tunnel('b', PEER, named('X.example')),
      'destinationAddress',
    ],
    [
      'have one address and names with stars',
      tunnel('a', PEER, named('*.example')),
      tunnel('b', PEER, named('b.example')),
      'destinationAddress',
    ],
    [
      'have one address and names',
      tunnel('a', PEER, named('a.example')),
      tunnel('b', PEER, named('b.example')),
    ],
    [
      'are unknown and have names',
      tunnel('a', ANY, named('a.example')),
      tunnel('b', ANY, named('b.example')),
    ],
    [
      'may both move and have no names',
      tunnel('a', PEER, MOVES),
      tunnel('b', OTHER_PEER, MOVES),
      'peerAddressMayChange',
    ],
    ['speak different versions of IKE', tunnel('a', PEER), l2tp('b', { destination: PEER })],
    [
      'speak L2TP from one address, whatever they call themselves',
      l2tp('a', { destination: PEER, routes: ['10.1.0.0/16'] }, named('a.example')),
      l2tp('b', { destination: PEER, routes: ['10.2.0.0/16'] }, named('b.example')),
      'destinationAddress',
    ],
    [
      'speak PPTP from different addresses',
      pptp('a', { destination: PEER, routes: ['10.1.0.0/16'] }),
      pptp('b', { destination: OTHER_PEER, routes: ['10.2.0.0/16'] }),
    ],
    [
      'speak PPTP from one address',
      pptp('a', { destination: PEER, routes: ['10.1.0.0/16'] }),
      pptp('b', { destination: PEER, routes: ['10.2.0.0/16'] }),
      'destinationAddress',
    ],
  ];
  it.each(cases)('%s', (_, first, second, field) => {
    expectOfBlue(first, second, field);
  });
});

describe('L2TP and PPTP', () => {
  const source = '203.0.113.10';

  it.each([l2tp, pptp])('share their address with no other routing domain (%o)', (make) => {
    const { policy, blue, red } = blueAndRed();
    const exclusive = addConnection(blue, make('x', { source }));
    // Red has NAT to that address; blue was there first.
    const [net] = red.connections.values();
    expectErrors(policy, [[net ?? {}, 'externalAddress', 'peersNotDistinguishable']]);

    policy.routingDomains.delete(BLUE);
    policy.routingDomains.set(BLUE, blue);
    expectErrors(policy, [[exclusive, 'sourceAddress', 'peersNotDistinguishable']]);
    const [error] = validatePolicy(policy, ENVIRONMENT).errors;
    expect(error?.message).toMatch(/port 1701|GRE/);
  });

  it('do not meet each other or IKEv2 there either, and say so once', () => {
    const make = { ikev2, l2tp, pptp };
    for (const first of [l2tp, pptp])
      for (const second of Object.values(make)) {
        const options = { source: ELSEWHERE };
        expectRefused(first('a', options), second('b', options), 'sourceAddress');
      }
    expectRefused(
      ikev2('a', { source: ELSEWHERE }),
      l2tp('b', { source: ELSEWHERE }),
      'sourceAddress',
    );
  });

  it('share it with what their own routing domain has', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, l2tp('a', { source: ELSEWHERE }));
    addConnection(blue, pptp('b', { source: ELSEWHERE }));
    addConnection(blue, ikev2('c', { source: ELSEWHERE, destination: OTHER_PEER }));
    addConnection(blue, nat('d', ELSEWHERE, [forward('web', 80, '192.168.1.101', 80)]));
    expectErrors(policy, []);
  });
});

describe('a tunnel and NAT at one address', () => {
  it('get on, also of different routing domains', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, tunnel('a', PEER, {}, { source: '203.0.113.10' }));
    addConnection(blue, tunnel('b', ANY, {}, { source: '203.0.113.10' }));
    expectErrors(policy, []);
  });

  const ports: [string, Connection, number, 'tcp' | 'udp', boolean][] = [
    ['IKE', ikev2('x', { source: ELSEWHERE }), 500, 'udp', true],
    ['IKE behind NAT', ikev2('x', { source: ELSEWHERE }), 4500, 'udp', true],
    ['TCP of that number', ikev2('x', { source: ELSEWHERE }), 500, 'tcp', false],
    ['IKE of L2TP', l2tp('x', { source: ELSEWHERE }), 4500, 'udp', true],
    ['L2TP', l2tp('x', { source: ELSEWHERE }), 1701, 'udp', true],
    ['another one’s L2TP', ikev2('x', { source: ELSEWHERE }), 1701, 'udp', false],
    ['PPTP', pptp('x', { source: ELSEWHERE }), 1723, 'tcp', true],
    ['IKE beside PPTP', pptp('x', { source: ELSEWHERE }), 500, 'udp', false],
  ];
  it.each(ports)('do not both want the port: %s', (_, connection, port, protocol, refused) => {
    const rules = [forward('r', port, '192.168.1.101', 80, protocol)];
    const { policy, blue } = blueAndRed();
    addConnection(blue, connection);
    const net = addConnection(blue, nat('net', ELSEWHERE, rules));
    expectErrors(policy, refused ? [[net, 'rules/0/externalPort', 'externalAddressConflict']] : []);
  });

  it('do not both want the port, the tunnel being the later', () => {
    const { policy, blue } = blueAndRed();
    const rules = [forward('r', 500, '192.168.1.101', 80, 'udp')];
    addConnection(blue, nat('net', ELSEWHERE, rules));
    const bad = addConnection(blue, ikev2('x', { source: ELSEWHERE }));
    expectErrors(policy, [[bad, 'sourceAddress', 'externalAddressConflict']]);
    expect(validatePolicy(policy, ENVIRONMENT).errors[0]?.message).toContain(
      'rule r of connection net',
    );
  });

  it('hold it on one device', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, nat('net', ELSEWHERE));
    const bad = addConnection(blue, ikev2('x', { source: ELSEWHERE, device: 'internet' }));
    expectErrors(policy, [[bad, 'interface', 'externalAddressConflict']]);
  });
});

import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../../src/errors.js';
import type { Connection } from '../../../../src/model/connection.js';
import type { RemoteConnection } from '../../../../src/model/remote-connection.js';
import { KEEP_SECRET, Secret } from '../../../../src/model/secret.js';
import type { PolicyEnvironment } from '../../../../src/policy/environment.js';
import { parseIp } from '../../../../src/net/ip.js';
import { parsePrefix } from '../../../../src/net/prefix.js';
import { createPolicyState } from '../../../../src/policy/state.js';
import { pushScope } from '../../../../src/policy/touched.js';
import { validatePolicy, validateTouched } from '../../../../src/policy/validate/index.js';
import { expectErrors, expectFindings, expectWarnings } from '../../../support/findings.js';
import {
  addConnection,
  addRoute,
  blueAndRed,
  BLUE,
  ENVIRONMENT,
  route,
  routed,
} from '../../../support/policy-builder.js';
import { ikev2, l2tp, pptp } from '../../../support/remote-connections.js';
import { PERMISSIVE_VPN } from '../../../support/vpn-support.js';

type Expected = readonly [field: string, code: ErrorCode];

/** Blue with one connection more has exactly these errors, all of that connection. */
function expectBlue(
  connection: Connection,
  expected: readonly Expected[],
  environment: PolicyEnvironment = ENVIRONMENT,
): void {
  const { policy, blue } = blueAndRed();
  addConnection(blue, connection);
  expectErrors(
    policy,
    expected.map(([field, code]) => [connection, field, code]),
    environment,
  );
}

describe('remote connections that are fine', () => {
  const fine: [string, Connection][] = [
    ['ikev2', ikev2('office')],
    ['ikev2 over IPv6', ikev2('office', { source: '2001:db8:f::1', destination: '2001:db8:e::1' })],
    ['ikev2 with a waiting gateway', ikev2('office', { destination: null })],
    ['ikev2 to everywhere', ikev2('office', { routes: ['0.0.0.0/0', '::/0'] })],
    [
      'ikev2 without its secret, which only the gateway knows',
      ikev2('office', {}, { authentication: { method: 'psk', secret: KEEP_SECRET } }),
    ],
    ['l2tp', l2tp('office')],
    [
      'l2tp without routes, to the other end of the link',
      l2tp('office', { routes: [] }, link({ remoteAddress: '10.9.0.2' })),
    ],
    [
      'l2tp with a waiting gateway',
      l2tp(
        'office',
        { destination: null },
        link({ localAddress: '10.9.0.1', remoteAddress: '10.9.0.2' }),
      ),
    ],
    ['pptp', pptp('office')],
  ];
  it.each(fine)('%s', (_, connection) => {
    expectBlue(connection, []);
  });

  it('two to one site with different metrics', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, ikev2('first', { metric: 1 }));
    addConnection(blue, ikev2('second', { metric: 2, destination: '198.51.100.3' }));
    expectErrors(policy, []);
  });
});

function link({ localAddress, remoteAddress }: { localAddress?: string; remoteAddress?: string }) {
  return {
    pointToPoint: {
      method: 'mschapv2',
      userName: 'blue',
      secret: new Secret('link secret'),
      ...(localAddress !== undefined && { localAddress: parseIp(localAddress) }),
      ...(remoteAddress !== undefined && { remoteAddress: parseIp(remoteAddress) }),
    } as const,
  };
}

describe('the ends of a tunnel', () => {
  const ends: [string, string, Expected[]][] = [
    ['224.0.0.1', '198.51.100.2', [['sourceAddress', 'invalidAddress']]],
    ['10.1.1.40', '198.51.100.2', [['sourceAddress', 'externalAddressConflict']]],
    ['192.168.1.9', '198.51.100.2', [['sourceAddress', 'externalAddressConflict']]],
    ['203.0.113.20', '169.254.1.1', [['destinationAddress', 'invalidAddress']]],
    ['203.0.113.20', '10.1.1.40', [['destinationAddress', 'externalAddressConflict']]],
    ['203.0.113.20', '192.168.2.9', [['destinationAddress', 'externalAddressConflict']]],
    ['203.0.113.20', '192.168.1.1', [['destinationAddress', 'externalAddressConflict']]],
    ['203.0.113.20', '203.0.113.20', [['destinationAddress', 'externalAddressConflict']]],
    ['203.0.113.20', '2001:db8:e::1', [['destinationAddress', 'invalidAddress']]],
  ];
  it.each(ends)('from %s to %s', (source, destination, expected) => {
    expectBlue(ikev2('x', { source, destination }), expected);
  });

  it('are IPv4 where the protocol is', () => {
    const six = { source: '2001:db8:f::1', destination: '2001:db8:e::1' };
    expectBlue(l2tp('x', six), [['sourceAddress', 'invalidAddress']]);
    expectBlue(pptp('x', six), [['sourceAddress', 'invalidAddress']]);
  });

  it('are on a device that is configured', () => {
    expectBlue(ikev2('x', { device: 'dmz' }), [['interface', 'unknownInterface']]);
  });
});

describe('routes into a tunnel', () => {
  it('are there, or nothing would reach it', () => {
    expectBlue(ikev2('x', { routes: [] }), [['routes', 'missingField']]);
    expectBlue(l2tp('x', { routes: [] }), [['routes', 'missingField']]);
    expectBlue(pptp('x', { routes: [] }), [['routes', 'missingField']]);
  });

  it('take no addresses of the VM network', () => {
    expectBlue(ikev2('x', { routes: ['192.168.2.0/25'] }), [
      ['routes/0/destinationPrefix', 'overlappingPrefix'],
    ]);
  });

  it('are not those of another connection', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, routed('all', ['10.20.0.0/16']));
    const bad = addConnection(blue, ikev2('office'));
    expectErrors(policy, [[bad, 'routes/0/destinationPrefix', 'overlappingPrefix']]);
  });

  it('are IPv4 on a PPP link', () => {
    for (const make of [l2tp, pptp])
      expectBlue(make('x', { routes: ['10.0.0.0/8', '2001:db8:e::/48'] }), [
        ['routes/1/destinationPrefix', 'invalidPrefix'],
      ]);
  });
});

describe('traffic selectors', () => {
  const selectors = (local: readonly string[], remote: readonly string[]) => ({
    trafficSelectors: { local: local.map(parsePrefix), remote: remote.map(parsePrefix) },
  });

  it('meet the VM network: a subnet, both, part of one, or everything', () => {
    for (const local of ['192.168.1.0/24', '192.168.0.0/16', '192.168.2.128/25', '0.0.0.0/0'])
      expectBlue(ikev2('x', {}, selectors([local], ['10.20.0.0/16'])), []);
    expectBlue(
      ikev2('x', { routes: ['2001:db8:e::/64'] }, selectors(['::/0'], ['2001:db8:e::/48'])),
      [],
    );
  });

  it('may name what lies behind a router of the VM network, but not a multicast route', () => {
    const { policy, blue } = blueAndRed();
    addRoute(blue, route(5001, '172.16.0.0/16', '192.168.1.101'));
    addRoute(blue, route(5001, '224.0.0.0/4', '239.1.1.1'));
    addConnection(blue, ikev2('x', {}, selectors(['172.16.7.0/24'], ['10.20.0.0/16'])));
    expectErrors(policy, []);
    const bad = addConnection(blue, ikev2('x', {}, selectors(['224.1.0.0/16'], ['10.20.0.0/16'])));
    expectErrors(policy, [[bad, 'trafficSelectors/local/0', 'outsideVirtualSubnet']]);
  });

  it('let something pass', () => {
    expectBlue(ikev2('x', {}, selectors(['192.168.1.0/24', '172.16.0.0/16'], ['10.20.0.0/16'])), [
      ['trafficSelectors/local/1', 'outsideVirtualSubnet'],
    ]);
  });

  it('are of the same families on both sides', () => {
    expectBlue(ikev2('x', {}, selectors(['192.168.1.0/24', '::/0'], ['10.20.0.0/16'])), [
      ['trafficSelectors/local/1', 'invalidPrefix'],
    ]);
    expectBlue(ikev2('x', {}, selectors(['192.168.1.0/24'], ['2001:db8:e::/48', '10.20.0.0/16'])), [
      ['trafficSelectors/remote/0', 'invalidPrefix'],
    ]);
  });

  it('hold the routes', () => {
    const remote = selectors(['192.168.1.0/24'], ['10.20.0.0/16', '10.21.0.0/16']);
    expectBlue(ikev2('x', { routes: ['10.21.3.0/24', '10.20.0.0/15', '10.20.0.0/16'] }, remote), [
      ['routes/1/destinationPrefix', 'invalidPrefix'],
    ]);
  });
});

describe('the link inside a tunnel', () => {
  const bad: [Parameters<typeof link>[0], Expected[]][] = [
    [{ localAddress: '2001:db8::1' }, [['pointToPoint/localAddress', 'invalidAddress']]],
    [{ remoteAddress: '0.0.0.0' }, [['pointToPoint/remoteAddress', 'invalidAddress']]],
    [{ remoteAddress: '192.168.1.77' }, [['pointToPoint/remoteAddress', 'overlappingPrefix']]],
    [
      { localAddress: '10.9.0.1', remoteAddress: '10.9.0.1' },
      [['pointToPoint/remoteAddress', 'invalidAddress']],
    ],
  ];
  it.each(bad)('with %o', (addresses, expected) => {
    expectBlue(l2tp('x', {}, link(addresses)), expected);
    expectBlue(pptp('x', {}, link(addresses)), expected);
  });

  it('has addresses where the gateway gives them', () => {
    const missing: Expected[] = [
      ['pointToPoint/localAddress', 'missingField'],
      ['pointToPoint/remoteAddress', 'missingField'],
    ];
    expectBlue(l2tp('x', { destination: null }), missing);
    expectBlue(pptp('x', { destination: null }), missing);
  });

  const words = ['', 'two\nlines', 'ä'.repeat(128)];
  it.each(words)('has a user name and a password that pppd can read, not %j', (word) => {
    const pointToPoint = { method: 'mschapv2', userName: word, secret: new Secret(word) } as const;
    for (const [connection, place] of [
      [l2tp('x', {}, { pointToPoint }), 'pointToPoint'],
      [pptp('x', {}, { pointToPoint }), 'authentication'],
    ] as const)
      expectBlue(connection, [
        [`${place}/userName`, 'invalidValue'],
        [`${place}/secret`, 'invalidValue'],
      ]);
  });
});

describe('pre-shared keys', () => {
  const keyed = (secret: string) =>
    ikev2('x', {}, { authentication: { method: 'psk', secret: new Secret(secret) } });

  it('are there and fit', () => {
    expectBlue(keyed(''), [['authentication/secret', 'invalidValue']]);
    expectBlue(keyed('k'.repeat(65_535)), []);
    expectBlue(keyed('k'.repeat(65_536)), [['authentication/secret', 'limitExceeded']]);
    expectBlue(keyed('ä'.repeat(32_768)), [['authentication/secret', 'limitExceeded']]);
  });

  it('are better long', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, keyed('k'.repeat(20)));
    expectWarnings(policy, []);
    const short = addConnection(blue, keyed('k'.repeat(19)));
    expectWarnings(policy, [[short, 'authentication/secret', 'insecureConnection']]);
  });

  it('are not told', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, keyed('swordfish'));
    expect(JSON.stringify(validatePolicy(policy, ENVIRONMENT).warnings)).not.toContain('swordfish');
  });
});

describe('parameters of IPsec', () => {
  const { mainMode, quickMode } = ikev2('x');
  const bad: [string, Partial<ReturnType<typeof ikev2>>, Expected[]][] = [
    [
      'lifetimes too short',
      {
        mainMode: { ...mainMode, saLifeTimeSeconds: 59 },
        quickMode: { ...quickMode, saLifeTimeSeconds: 29, saLifeTimeKiloBytes: 1023 },
        deadPeerDetectionSeconds: 0,
      },
      [
        ['mainMode/saLifeTimeSeconds', 'invalidValue'],
        ['quickMode/saLifeTimeSeconds', 'invalidValue'],
        ['quickMode/saLifeTimeKiloBytes', 'invalidValue'],
        ['deadPeerDetectionSeconds', 'invalidValue'],
      ],
    ],
    [
      'lifetimes too long',
      {
        mainMode: { ...mainMode, saLifeTimeSeconds: 172_800 },
        quickMode: { ...quickMode, saLifeTimeSeconds: 172_800, saLifeTimeKiloBytes: 2 ** 31 },
        deadPeerDetectionSeconds: 3601,
      },
      [
        ['mainMode/saLifeTimeSeconds', 'invalidValue'],
        ['quickMode/saLifeTimeSeconds', 'invalidValue'],
        ['quickMode/saLifeTimeKiloBytes', 'invalidValue'],
        ['deadPeerDetectionSeconds', 'invalidValue'],
      ],
    ],
    [
      'a fraction of a second',
      { mainMode: { ...mainMode, saLifeTimeSeconds: 60.5 } },
      [['mainMode/saLifeTimeSeconds', 'invalidValue']],
    ],
    [
      'GCM with another authentication',
      { quickMode: { ...quickMode, authenticationTransformationConstant: 'SHA256128' } },
      [['quickMode/authenticationTransformationConstant', 'unsupportedAlgorithm']],
    ],
    [
      'GCM authentication with another cipher',
      { quickMode: { ...quickMode, cipherTransformationConstant: 'AES256' } },
      [['quickMode/authenticationTransformationConstant', 'unsupportedAlgorithm']],
    ],
    ...['', ' office', '%any', 'a\nb', 'a'.repeat(256)].map(
      (identity): [string, Partial<ReturnType<typeof ikev2>>, Expected[]] => [
        `the identity ${JSON.stringify(identity).slice(0, 20)}`,
        { localIdentity: identity, remoteIdentity: identity },
        [
          ['localIdentity', 'invalidValue'],
          ['remoteIdentity', 'invalidValue'],
        ],
      ],
    ),
    [
      'a star for the gateway',
      { localIdentity: '*.example', remoteIdentity: '*.example' },
      [['localIdentity', 'invalidValue']],
    ],
  ];
  it.each(bad)('%s', (_, fields, expected) => {
    expectBlue(ikev2('x', {}, fields), expected);
  });
});

describe('what this gateway can do', () => {
  const withVpn = (vpn: Partial<PolicyEnvironment['vpn']>): PolicyEnvironment => ({
    ...ENVIRONMENT,
    vpn: { ...PERMISSIVE_VPN, ...vpn },
  });
  const weak = ikev2(
    'x',
    {},
    {
      mainMode: {
        ...ikev2('x').mainMode,
        encryptionAlgorithm: 'DES3',
        integrityAlgorithm: 'SHA1',
        diffieHellmanGroup: 'Group2',
      },
      quickMode: {
        ...ikev2('x').quickMode,
        cipherTransformationConstant: 'DES',
        authenticationTransformationConstant: 'MD596',
        perfectForwardSecrecy: 'PFS1',
      },
    },
  );
  const weakFields = [
    'mainMode/encryptionAlgorithm',
    'mainMode/integrityAlgorithm',
    'mainMode/diffieHellmanGroup',
    'quickMode/cipherTransformationConstant',
    'quickMode/authenticationTransformationConstant',
    'quickMode/perfectForwardSecrecy',
  ];

  it('a type that is not there is refused with the reason, and with nothing that follows', () => {
    const environment = withVpn({
      unavailable: { l2tp: 'the kernel has no PPP.' },
      encryptionAlgorithms: [],
      authenticationMethods: [],
    });
    const { policy, blue } = blueAndRed();
    const bad = addConnection(blue, l2tp('x'));
    expectErrors(policy, [[bad, 'type', 'unsupportedConnection']], environment);
    expect(validatePolicy(policy, environment).errors[0]?.message).toContain(
      '(the kernel has no PPP);',
    );
  });

  it('an authentication method that is not there', () => {
    const environment = withVpn({ authenticationMethods: ['certificate', 'pap'] });
    expectBlue(
      l2tp('x'),
      [
        ['authentication/method', 'unsupportedConnection'],
        ['pointToPoint/method', 'unsupportedConnection'],
      ],
      environment,
    );
    expectBlue(pptp('x'), [['authentication/method', 'unsupportedConnection']], environment);
  });

  it('an algorithm that is not there is refused with those that are, weak ones only if allowed', () => {
    const { policy, blue } = blueAndRed();
    const bad = addConnection(blue, ikev2('x'));
    const support = { encryptionAlgorithms: ['AES128', 'DES'] } as const;
    const strict = withVpn({ ...support, allowInsecure: false });
    expectErrors(policy, [[bad, 'mainMode/encryptionAlgorithm', 'unsupportedAlgorithm']], strict);
    expect(validatePolicy(policy, strict).errors[0]?.message).toMatch(/can do AES128\.$/);
    expect(validatePolicy(policy, withVpn(support)).errors[0]?.message).toMatch(
      /can do AES128, DES\.$/,
    );
  });

  it('every algorithm is looked up', () => {
    const nothing = withVpn({
      encryptionAlgorithms: [],
      integrityAlgorithms: [],
      diffieHellmanGroups: [],
      cipherTransformations: [],
      authenticationTransformations: [],
      perfectForwardSecrecy: [],
    });
    expectBlue(
      ikev2('x'),
      weakFields.map((field) => [field, 'unsupportedAlgorithm']),
      nothing,
    );
  });

  it('what is weak is refused, unless the operator allows it', () => {
    const strict = withVpn({ allowInsecure: false });
    expectBlue(
      weak,
      weakFields.map((field) => [field, 'insecureConnection']),
      strict,
    );
    expectBlue(pptp('x'), [['type', 'insecureConnection']], strict);
    const { policy, blue } = blueAndRed();
    addConnection(blue, pptp('x'));
    const [error] = validatePolicy(policy, strict).errors;
    expect(error?.message).toContain('allowInsecureVpn');
  });

  it('what is weak is warned about where it is allowed', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, weak);
    const pptpConnection = addConnection(blue, pptp('y', { source: '203.0.113.21' }));
    expectWarnings(policy, [
      ...weakFields.map((field) => [weak, field, 'insecureConnection'] as const),
      [pptpConnection, 'type', 'insecureConnection'],
    ]);
  });
});

describe('a connection that stays as it was', () => {
  /** As the gateway was when the connection was pushed, and after a restart with less. */
  const stricter = { ...ENVIRONMENT, vpn: { ...PERMISSIVE_VPN, allowInsecure: false } };
  const stored: RemoteConnection = pptp('old');

  it('is not judged again by itself when others change, nor in a whole policy', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, stored);
    const state = createPolicyState(policy);
    const { touched } = state.apply([
      { op: 'upsert', kind: 'connection', routingDomain: BLUE, value: ikev2('new', AWAY) },
    ]);
    const view = { policy: state.policy, index: state.index, environment: stricter };
    expectFindings(validateTouched(view, touched).errors, []);
    expectFindings(validatePolicy(policy, stricter, new Set()).errors, []);
    expectFindings(validatePolicy(policy, stricter).errors, [
      [stored, 'type', 'insecureConnection'],
    ]);
  });

  it('is judged by itself when it comes, also with its routing domain', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, stored);
    policy.routingDomains.delete(BLUE);
    const state = createPolicyState(policy);
    const { touched } = state.apply([{ op: 'upsert', kind: 'routingDomain', value: blue }]);
    const view = { policy: state.policy, index: state.index, environment: stricter };
    expectFindings(validateTouched(view, touched).errors, [[stored, 'type', 'insecureConnection']]);
  });

  it('is judged against what changes around it', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, stored);
    const state = createPolicyState(policy);
    const conflicting = routed('all', ['10.40.0.0/16']);
    const { touched } = state.apply([
      { op: 'upsert', kind: 'connection', routingDomain: BLUE, value: conflicting },
    ]);
    const view = { policy: state.policy, index: state.index, environment: stricter };
    expectFindings(validateTouched(view, touched).errors, [
      [conflicting, 'routes/0/destinationPrefix', 'overlappingPrefix'],
    ]);
  });

  it('touches the gateway and its routing domain when it changes', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, stored);
    const state = createPolicyState(policy);
    const { touched } = state.apply([
      { op: 'upsert', kind: 'connection', routingDomain: BLUE, value: pptp('old', AWAY) },
    ]);
    expect(pushScope(touched, state.policy, state.index)).toEqual({
      gateway: true,
      domains: new Set([BLUE]),
    });
  });

  const AWAY = { destination: '198.51.100.9' };
});

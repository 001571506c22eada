import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectionReader, formatConnection } from '../../../provider/translate/connection.js';
import type { Problem } from '../../../src/errors.js';
import type { Connection } from '../../../src/model/connection.js';
import { DEFAULT_MAIN_MODE, DEFAULT_QUICK_MODE } from '../../../src/model/ipsec.js';
import { KEEP_SECRET, Secret } from '../../../src/model/secret.js';
import { parseIp } from '../../../src/net/ip.js';
import { parsePrefix } from '../../../src/net/prefix.js';
import { setAt, valueAt } from './harness.js';
import { OFFICE, remoteDocument, SECRET_MARK, withoutSecrets } from './remote-documents.js';

const read = connectionReader('external');

function connectionOf(document: unknown): Connection {
  const problems: Problem[] = [];
  const connection = read(document, problems);
  expect(problems).toEqual([]);
  if (connection === undefined) throw new Error('no connection and no problem');
  return connection;
}

function problemsOf(document: unknown): Record<string, string> {
  const problems: Problem[] = [];
  expect(read(document, problems)).toBeUndefined();
  return Object.fromEntries(
    problems.map(({ path, code, message }) => [path, `${code}: ${message}`]),
  );
}

/** The document with other values at some pointers; undefined takes a field out. */
function withFields(document: object, fields: Readonly<Record<string, unknown>>): object {
  const copy = structuredClone(document);
  for (const [pointer, value] of Object.entries(fields)) setAt(copy, pointer, value);
  return copy;
}

const common = {
  interface: 'external',
  sourceAddress: parseIp('203.0.113.10'),
  initiate: true,
};

describe('what is left out', () => {
  it('of IKEv2 has its default', () => {
    expect(connectionOf(OFFICE.ikev2)).toEqual({
      ...common,
      id: 'office',
      type: 'ikev2',
      destinationAddress: parseIp('198.51.100.2'),
      authentication: { method: 'psk', secret: new Secret(SECRET_MARK) },
      deadPeerDetectionSeconds: 10,
      mainMode: DEFAULT_MAIN_MODE,
      quickMode: DEFAULT_QUICK_MODE,
      peerAddressMayChange: false,
      routes: [{ destinationPrefix: parsePrefix('192.168.101.0/24'), metric: 10 }],
    });
  });

  it('of L2TP has its default', () => {
    expect(connectionOf(OFFICE.l2tp)).toEqual({
      ...common,
      id: 'branch',
      type: 'l2tp',
      destinationAddress: parseIp('198.51.100.3'),
      authentication: { method: 'psk', secret: new Secret(SECRET_MARK) },
      deadPeerDetectionSeconds: 10,
      mainMode: DEFAULT_MAIN_MODE,
      quickMode: DEFAULT_QUICK_MODE,
      pointToPoint: { method: 'mschapv2', userName: 'branch', secret: new Secret(SECRET_MARK) },
      routes: [{ destinationPrefix: parsePrefix('192.168.102.0/24'), metric: 10 }],
    });
  });

  it('of PPTP is nothing but the link', () => {
    const document = withFields(OFFICE.pptp, { '/pointToPoint': { localAddress: '10.9.9.1' } });
    expect(connectionOf(document)).toEqual({
      ...common,
      id: 'depot',
      type: 'pptp',
      destinationAddress: parseIp('198.51.100.4'),
      pointToPoint: {
        method: 'mschapv2',
        userName: 'depot',
        secret: new Secret(SECRET_MARK),
        localAddress: parseIp('10.9.9.1'),
      },
      routes: [{ destinationPrefix: parsePrefix('192.168.103.0/24'), metric: 10 }],
    });
  });

  it('of a mode is filled in field by field', () => {
    const document = withFields(OFFICE.ikev2, {
      '/mainMode': { diffieHellmanGroup: 'ECP384' },
      '/quickMode': { saLifeTimeKiloBytes: 2048 },
    });
    expect(connectionOf(document)).toMatchObject({
      mainMode: { ...DEFAULT_MAIN_MODE, diffieHellmanGroup: 'ECP384' },
      quickMode: { ...DEFAULT_QUICK_MODE, saLifeTimeKiloBytes: 2048 },
    });
  });

  it.each([
    [{}, 'GCMAES256', 'GCMAES256'],
    [{ cipherTransformationConstant: 'GCMAES128' }, 'GCMAES128', 'GCMAES128'],
    [{ cipherTransformationConstant: 'AES128' }, 'AES128', 'SHA256128'],
    [{ authenticationTransformationConstant: 'GCMAES192' }, 'GCMAES192', 'GCMAES192'],
    [{ authenticationTransformationConstant: 'SHA512256' }, 'AES256', 'SHA512256'],
  ])('of the quick mode %j makes the pair %s and %s', (quickMode, cipher, authentication) => {
    expect(connectionOf(withFields(OFFICE.ikev2, { '/quickMode': quickMode }))).toMatchObject({
      quickMode: {
        cipherTransformationConstant: cipher,
        authenticationTransformationConstant: authentication,
      },
    });
  });

  it('of the secrets keeps the stored ones', () => {
    const psk = connectionOf(withFields(OFFICE.ikev2, { '/authentication/secret': undefined }));
    const link = connectionOf(withFields(OFFICE.l2tp, { '/pointToPoint/secret': undefined }));
    const pptp = connectionOf(withFields(OFFICE.pptp, { '/authentication/secret': undefined }));
    const key = connectionOf(
      withFields(OFFICE.ikev2, {
        '/authentication': {
          method: 'certificate',
          certificate: 'PEM',
          certificateAuthorities: ['CA'],
        },
      }),
    );
    for (const [connection, path] of [
      [psk, '/authentication/secret'],
      [link, '/pointToPoint/secret'],
      [pptp, '/pointToPoint/secret'],
      [key, '/authentication/credential/privateKey'],
    ] as const)
      expect(valueAt(connection, path)).toBe(KEEP_SECRET);
    expect(valueAt(link, '/authentication/secret')).not.toBe(KEEP_SECRET);
  });
});

describe('the peer', () => {
  it.each([undefined, '0.0.0.0', '::'])('is anybody where it is %s, and calls', (address) => {
    for (const document of Object.values(OFFICE)) {
      const connection = connectionOf(withFields(document, { '/destinationAddress': address }));
      expect(connection).not.toHaveProperty('destinationAddress');
      expect(connection).toHaveProperty('initiate', false);
    }
  });

  it('is called unless the document says otherwise', () => {
    expect(connectionOf(OFFICE.ikev2)).toHaveProperty('initiate', true);
    expect(connectionOf(withFields(OFFICE.ikev2, { '/initiate': false }))).toHaveProperty(
      'initiate',
      false,
    );
  });

  it('cannot be called when it is anybody', () => {
    const fields = { '/destinationAddress': '0.0.0.0', '/initiate': true };
    expect(problemsOf(withFields(OFFICE.ikev2, fields))).toEqual({
      '/initiate': expect.stringMatching(/^invalidValue: .*destinationAddress/) as unknown,
    });
  });
});

describe('a certificate', () => {
  const certificate = (fields: object) =>
    withFields(OFFICE.ikev2, { '/authentication': { method: 'certificate', ...fields } });
  const authorities = { certificateAuthorities: ['CA'] };

  it('comes in the document', () => {
    const document = certificate({
      certificate: 'PEM',
      privateKey: SECRET_MARK,
      certificateAuthorities: ['CA 1'],
      certificateAuthorityFiles: ['/ca2.pem'],
      revocationLists: ['CRL'],
      revocation: 'strict',
    });
    expect(connectionOf(document)).toHaveProperty('authentication', {
      method: 'certificate',
      credential: { certificate: 'PEM', privateKey: new Secret(SECRET_MARK) },
      certificateAuthorities: [{ certificate: 'CA 1' }, { certificateFile: '/ca2.pem' }],
      revocationLists: ['CRL'],
      revocation: 'strict',
    });
  });

  it('comes from a file of the gateway', () => {
    const files = { certificateFile: '/cert.pem', privateKeyFile: '/key.pem' };
    expect(connectionOf(certificate({ ...files, ...authorities }))).toHaveProperty(
      'authentication',
      {
        method: 'certificate',
        credential: files,
        certificateAuthorities: [{ certificate: 'CA' }],
        revocationLists: [],
        revocation: 'relaxed',
      },
    );
  });

  it.each([
    ['of nowhere', authorities, { certificate: 'missingField' }],
    [
      'of both',
      { certificate: 'PEM', certificateFile: '/c', privateKeyFile: '/k', ...authorities },
      { certificateFile: 'invalidValue' },
    ],
    [
      'in the document, its key in a file',
      { certificate: 'PEM', privateKeyFile: '/k', ...authorities },
      { privateKeyFile: 'invalidValue' },
    ],
    [
      'in a file, its key in the document',
      { certificateFile: '/c', privateKey: SECRET_MARK, ...authorities },
      { certificateFile: 'invalidValue' },
    ],
    [
      'in a file without a key',
      { certificateFile: '/c', ...authorities },
      { privateKeyFile: 'missingField' },
    ],
    ['without an authority', { certificate: 'PEM' }, { certificateAuthorities: 'missingField' }],
    [
      'in a file without a path',
      { certificateFile: 'c.pem', privateKeyFile: '/k', ...authorities },
      { certificateFile: 'invalidValue' },
    ],
    [
      'signed by a file without a path',
      { certificate: 'PEM', certificateAuthorityFiles: ['/a', '../ca.pem'] },
      { 'certificateAuthorityFiles/1': 'invalidValue' },
    ],
  ])('%s is refused at its field', (_, fields, expected: Record<string, string>) => {
    const found = Object.entries(problemsOf(certificate(fields))).map(([path, text]) => [
      path.replace('/authentication/', ''),
      text.split(':')[0],
    ]);
    expect(Object.fromEntries(found)).toEqual(expected);
  });
});

describe('what cannot be', () => {
  it('is refused at its field, all at once', () => {
    const document = withFields(OFFICE.ikev2, {
      '/id': 'a b',
      '/sourceAddress': 'here',
      '/destinationAddress': '198.51.100.256',
      '/deadPeerDetectionSeconds': 0,
      '/trafficSelectors': { local: ['10.0.0.1/8'], remote: [] },
      '/mainMode': { saLifeTimeSeconds: 59, encryptionAlgorithm: 'ROT13', prf: 'SHA1' },
      '/quickMode': { saLifeTimeKiloBytes: 1023 },
      '/routes/0/destinationPrefix': '192.168.101.1/24',
    });
    const codes = Object.entries(problemsOf(document)).map(([path, text]) => [
      path,
      text.split(':')[0],
    ]);
    expect(Object.fromEntries(codes)).toEqual({
      '/id': 'invalidValue',
      '/sourceAddress': 'invalidAddress',
      '/destinationAddress': 'invalidAddress',
      '/deadPeerDetectionSeconds': 'invalidValue',
      '/trafficSelectors/local/0': 'invalidPrefix',
      '/trafficSelectors/remote': 'invalidValue',
      '/mainMode/saLifeTimeSeconds': 'invalidValue',
      '/mainMode/encryptionAlgorithm': 'invalidValue',
      '/mainMode/prf': 'unknownField',
      '/quickMode/saLifeTimeKiloBytes': 'invalidValue',
      '/routes/0/destinationPrefix': 'invalidPrefix',
    });
  });

  it('is told with the names that there are', () => {
    expect(
      problemsOf(withFields(OFFICE.ikev2, { '/mainMode': { diffieHellmanGroup: 'Group99' } })),
    ).toEqual({
      '/mainMode/diffieHellmanGroup':
        'invalidValue: Must be one of Group1, Group2, Group14, Group15, Group16, Group24, ECP256, ECP384, ECP521, Curve25519.',
    });
    expect(problemsOf({ ...OFFICE.ikev2, type: 'sstp' })).toEqual({
      '/type': 'invalidValue: Must be one of nat, routed, ikev2, l2tp, pptp.',
    });
    expect(problemsOf(withFields(OFFICE.ikev2, { '/authentication/method': 'mschapv2' }))).toEqual({
      '/authentication/method': 'invalidValue: Must be one of psk, certificate.',
    });
  });

  it.each([
    [OFFICE.ikev2, '/pointToPoint', {}],
    [OFFICE.l2tp, '/trafficSelectors', { local: ['10.0.0.0/8'], remote: ['10.0.0.0/8'] }],
    [OFFICE.l2tp, '/peerAddressMayChange', true],
    [OFFICE.pptp, '/mainMode', {}],
    [OFFICE.pptp, '/localIdentity', 'gw'],
  ])('is a field of another type: %#', (document, pointer, value) => {
    expect(problemsOf(withFields(document, { [pointer]: value }))).toEqual({
      [pointer]: expect.stringMatching(/^unknownField/) as unknown,
    });
  });
});

describe('a secret', () => {
  const secrets = [
    [OFFICE.ikev2, '/authentication/secret'],
    [OFFICE.l2tp, '/authentication/secret'],
    [OFFICE.l2tp, '/pointToPoint/secret'],
    [OFFICE.pptp, '/authentication/secret', '/pointToPoint/secret'],
  ] as const;

  it('is the text of the document', () => {
    for (const [document, pointer, place = pointer] of secrets) {
      const connection = connectionOf(withFields(document, { [pointer]: ' päss wörd ' }));
      expect((valueAt(connection, place) as Secret).reveal()).toBe(' päss wörd ');
    }
    const authentication = {
      method: 'certificate',
      certificate: 'PEM',
      privateKey: 'KEY',
      certificateAuthorities: ['CA'],
    };
    const connection = connectionOf(
      withFields(OFFICE.ikev2, { '/authentication': authentication }),
    );
    const key = valueAt(connection, '/authentication/credential/privateKey') as Secret;
    expect(key.reveal()).toBe('KEY');
  });

  it('is not told again, whatever is wrong with it', () => {
    const wrong = [
      [SECRET_MARK],
      { [`x`]: SECRET_MARK },
      SECRET_MARK.repeat(200),
      Number.parseInt(SECRET_MARK, 36),
      '',
      null,
    ];
    for (const [document, pointer] of secrets)
      for (const value of wrong) {
        const problems = problemsOf(withFields(document, { [pointer]: value }));
        expect(Object.keys(problems)).toEqual([pointer]);
        expect(JSON.stringify(problems)).not.toContain(SECRET_MARK);
        expect(JSON.stringify(problems)).not.toContain(String(Number.parseInt(SECRET_MARK, 36)));
      }
  });

  it('is not told again when something else is wrong', () => {
    for (const [document] of secrets) {
      const problems = problemsOf(withFields(document, { '/sourceAddress': 'x', '/id': 7 }));
      expect(JSON.stringify(problems)).not.toContain(SECRET_MARK);
    }
  });
});

describe('a document in canonical form', () => {
  it('comes back from the model as it was, without its secrets', () => {
    fc.assert(
      fc.property(remoteDocument, (document) => {
        const formatted = formatConnection(connectionOf(document));
        expect(formatted).toEqual(withoutSecrets(document));
        expect(JSON.stringify(formatted)).not.toContain(SECRET_MARK);
      }),
      { numRuns: 300 },
    );
  });

  it('may be pushed again as it was read', () => {
    fc.assert(
      fc.property(remoteDocument, (document) => {
        const formatted = formatConnection(connectionOf(document));
        expect(formatConnection(connectionOf(formatted))).toEqual(formatted);
      }),
    );
  });
});

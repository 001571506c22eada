import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type {
  CertificateAuthentication,
  Ikev2Connection,
} from '../../../../src/model/remote-connection.js';
import { KEEP_SECRET, Secret } from '../../../../src/model/secret.js';
import { createPolicyState } from '../../../../src/policy/state.js';
import { validatePolicy, validateTouched } from '../../../../src/policy/validate/index.js';
import { expectErrors, expectWarnings, type ExpectedFinding } from '../../../support/findings.js';
import {
  addConnection,
  BLUE,
  blueAndRed,
  ENVIRONMENT,
  routed,
} from '../../../support/policy-builder.js';
import { createAuthority, type Authority, type Leaf } from '../../../support/pki.js';
import { cleanUp } from '../../../support/process-owner.js';
import { ikev2 } from '../../../support/remote-connections.js';

const DAY = 86_400_000;

let authority: Authority;
let leaf: Leaf;
let other: Leaf;
let revocationList: string;

beforeAll(async () => {
  authority = await createAuthority('test authority');
  leaf = await authority.issue({ name: 'gw.example' });
  other = await authority.issue({ name: 'other.example' });
  revocationList = await authority.revocationList();
});
afterAll(cleanUp);
afterEach(() => {
  vi.useRealTimers();
});

interface Parts {
  certificate?: string;
  privateKey?: string | Secret;
  authorities?: CertificateAuthentication['certificateAuthorities'];
  revocationLists?: readonly string[];
}

/** Right in everything that is not said otherwise. */
function connection(parts: Parts = {}): Ikev2Connection {
  const { privateKey = leaf.privateKey } = parts;
  const authentication: CertificateAuthentication = {
    method: 'certificate',
    credential: {
      certificate: parts.certificate ?? leaf.certificate,
      privateKey: privateKey instanceof Secret ? privateKey : new Secret(privateKey),
    },
    certificateAuthorities: parts.authorities ?? [{ certificate: authority.certificate }],
    revocationLists: parts.revocationLists ?? [revocationList],
    revocation: 'relaxed',
  };
  return ikev2('office', {}, { authentication });
}

type Findings = readonly (readonly [field: string, code: ExpectedFinding[2]])[];

function expectOf(pushed: Ikev2Connection, errors: Findings): void {
  const { policy, blue } = blueAndRed();
  addConnection(blue, pushed);
  expectErrors(
    policy,
    errors.map(([field, code]) => [pushed, `authentication/${field}`, code]),
  );
}

function expectWarned(pushed: Ikev2Connection, warnings: Findings): void {
  const { policy, blue } = blueAndRed();
  addConnection(blue, pushed);
  expectWarnings(
    policy,
    warnings.map(([field, code]) => [pushed, `authentication/${field}`, code]),
  );
}

function atDay(offset: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + offset * DAY });
}

describe('the certificate of the gateway', () => {
  it('comes with its key', () => {
    expectOf(connection(), []);
    expectWarned(connection(), []);
    expectOf(connection({ privateKey: KEEP_SECRET }), []);
  });

  it('is not of another key', () => {
    expectOf(connection({ privateKey: other.privateKey }), [['privateKey', 'invalidCertificate']]);
  });

  it.each(['', 'nonsense', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    'can be read, unlike %j',
    (certificate) => {
      expectOf(connection({ certificate }), [['certificate', 'invalidCertificate']]);
    },
  );

  it('is one', () => {
    expectOf(connection({ certificate: leaf.certificate + authority.certificate }), [
      ['certificate', 'invalidCertificate'],
    ]);
  });

  it('has a key that can be read, without a passphrase, and that nobody is told', () => {
    const encrypted = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: {
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: 'open sesame',
      },
    }).privateKey;
    for (const privateKey of ['', 'swordfish', encrypted]) {
      expectOf(connection({ privateKey }), [['privateKey', 'invalidCertificate']]);
      const { policy, blue } = blueAndRed();
      addConnection(blue, connection({ privateKey }));
      const said = JSON.stringify(validatePolicy(policy, ENVIRONMENT).errors);
      expect(said).not.toContain('swordfish');
    }
  });

  it('has not expired', () => {
    atDay(40);
    const { policy, blue } = blueAndRed();
    const pushed = addConnection(blue, connection());
    expectErrors(policy, [[pushed, 'authentication/certificate', 'invalidCertificate']]);
    // The authority has expired by then as well; it may not be the only one.
    expect(
      validatePolicy(policy, ENVIRONMENT).warnings.map(({ field, code }) => [field, code]),
    ).toEqual([['authentication/certificateAuthorities/0', 'invalidCertificate']]);
  });

  it('may become valid later', () => {
    atDay(-10);
    expectWarned(connection(), [['certificate', 'invalidCertificate']]);
  });

  it('keeps nobody from pushing other things once it has expired', () => {
    const { policy, blue } = blueAndRed();
    addConnection(blue, connection());
    const state = createPolicyState(policy);
    atDay(40);
    const value = routed('more', ['10.99.0.0/16']);
    const { touched } = state.apply([
      { op: 'upsert', kind: 'connection', routingDomain: BLUE, value },
    ]);
    const view = { policy: state.policy, index: state.index, environment: ENVIRONMENT };
    expect(validateTouched(view, touched)).toMatchObject({ errors: [], warnings: [] });
  });
});

describe('certificate authorities', () => {
  it('are authorities that can be read', () => {
    const authorities = [
      { certificate: authority.certificate },
      { certificate: other.certificate },
      { certificateFile: '/etc/ca.pem' },
      { certificate: 'nonsense' },
    ];
    expectOf(connection({ authorities }), [
      ['certificateAuthorities/1', 'invalidCertificate'],
      ['certificateAuthorities/2', 'invalidCertificate'],
    ]);
  });
});

describe('revocation lists', () => {
  const shaped = (der: Buffer): string =>
    `-----BEGIN X509 CRL-----\n${der.toString('base64')}\n-----END X509 CRL-----\n`;

  it.each([
    ['text', 'nonsense'],
    ['no SEQUENCE', shaped(Buffer.of(0x02, 0x01, 0x05))],
    ['nothing', shaped(Buffer.alloc(0))],
    ['cut off', shaped(Buffer.of(0x30, 0x82, 0x01))],
    ['too short for its length', shaped(Buffer.of(0x30, 0x05, 0x02, 0x01, 0x05))],
    ['too long for its length', shaped(Buffer.of(0x30, 0x01, 0x02, 0x01, 0x05))],
    ['of a length without end', shaped(Buffer.of(0x30, 0x80, 0x02, 0x01, 0x05))],
  ])('are lists, not %s', (_, list) => {
    expectOf(connection({ revocationLists: [revocationList, list] }), [
      ['revocationLists/1', 'invalidCertificate'],
    ]);
  });

  it('come one in a text', () => {
    expectOf(connection({ revocationLists: [revocationList + revocationList] }), [
      ['revocationLists/0', 'invalidCertificate'],
    ]);
  });

  it('are not certificates', () => {
    expectOf(connection({ revocationLists: [authority.certificate] }), [
      ['revocationLists/0', 'invalidCertificate'],
    ]);
  });
});

describe('texts', () => {
  it('fit into what strongSwan takes', () => {
    const padding = '\n'.repeat(65_536);
    expectOf(
      connection({
        certificate: leaf.certificate + padding,
        privateKey: leaf.privateKey + padding,
        authorities: [{ certificate: authority.certificate + padding }],
        revocationLists: [revocationList + padding],
      }),
      [
        ['certificate', 'limitExceeded'],
        ['privateKey', 'limitExceeded'],
        ['certificateAuthorities/0', 'limitExceeded'],
        ['revocationLists/0', 'limitExceeded'],
      ],
    );
  });
});

describe('files', () => {
  it('have absolute paths', () => {
    const authentication = (paths: readonly [string, string, string]): Ikev2Connection =>
      ikev2(
        'office',
        {},
        {
          authentication: {
            method: 'certificate',
            credential: { certificateFile: paths[0], privateKeyFile: paths[1] },
            certificateAuthorities: [
              { certificate: authority.certificate },
              { certificateFile: paths[2] },
            ],
            revocationLists: [],
            revocation: 'strict',
          },
        },
      );
    expectOf(authentication(['/etc/gw.pem', '/etc/gw.key', '/etc/ca.pem']), []);
    expectOf(authentication(['gw.pem', './gw.key', '/etc/ca\n.pem']), [
      ['certificateFile', 'invalidValue'],
      ['privateKeyFile', 'invalidValue'],
      ['certificateAuthorityFiles/0', 'invalidValue'],
    ]);
  });
});

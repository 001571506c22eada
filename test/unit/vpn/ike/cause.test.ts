import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type {
  CertificateAuthentication,
  IpsecConnection,
} from '../../../../src/model/remote-connection.js';
import { Secret } from '../../../../src/model/secret.js';
import { parseIp } from '../../../../src/net/ip.js';
import { parsePrefix } from '../../../../src/net/prefix.js';
import { explainFailure, type Explanation } from '../../../../src/vpn/ike/cause.js';
import type { TunnelCause } from '../../../../src/vpn/port.js';
import { makeCertificate } from './certificates.js';
import { IKEV2, L2TP, SECRET, specOf } from './tunnel-specs.js';

const LOGS = new URL('../../../fixtures/charon-logs/', import.meta.url);

const CERTIFICATE: CertificateAuthentication = {
  method: 'certificate',
  credential: { certificateFile: '/etc/gw.pem', privateKeyFile: '/etc/gw.key' },
  certificateAuthorities: [{ certificateFile: '/etc/ca.pem' }],
  revocationLists: [],
  revocation: 'relaxed',
};

const PSK = IKEV2;
const CERT: IpsecConnection = {
  ...IKEV2,
  authentication: CERTIFICATE,
  localIdentity: 'gw.example',
  remoteIdentity: 'office.example',
};
const STRICT: IpsecConnection = {
  ...CERT,
  authentication: { ...CERTIFICATE, revocation: 'strict' },
};
const BY_NAME: IpsecConnection = {
  ...PSK,
  localIdentity: 'gw.example',
  remoteIdentity: 'office.example',
};
const GCM: IpsecConnection = {
  ...PSK,
  mainMode: {
    ...PSK.mainMode,
    encryptionAlgorithm: 'GCMAES256',
    integrityAlgorithm: 'SHA384',
    diffieHellmanGroup: 'ECP384',
  },
};
const V1 = L2TP;
const V1_CERT: IpsecConnection = { ...CERT, ...L2TP, authentication: CERTIFICATE };

function byPolicy(local: string): IpsecConnection {
  const trafficSelectors = {
    local: [parsePrefix(local)],
    remote: [parsePrefix('10.2.0.0/24')],
  };
  return { ...PSK, trafficSelectors };
}

/** Every recording, the connection that it was made with, and what has to be said of it. */
const RECORDINGS: readonly (readonly [string, IpsecConnection, TunnelCause, ...string[]])[] = [
  ['silent.initiator', PSK, 'peerUnreachable', 'peer 203.0.113.2 does not answer'],
  ['no-arp.initiator', PSK, 'peerUnreachable', 'does not answer'],
  [
    'no-route.initiator',
    { ...PSK, destinationAddress: parseIp('198.51.100.7') },
    'peerUnreachable',
    '198.51.100.7 cannot be reached from 203.0.113.1: Network is unreachable',
  ],
  ['garbage-echo.initiator', PSK, 'peerUnreachable', 'answers on UDP port 500 but not on 4500'],
  ['peer-dies.established', PSK, 'peerUnreachable', 'has stopped answering'],
  ['peer-terminates.established', PSK, 'other', 'has ended the tunnel. '],

  ['garbage-short.initiator', PSK, 'peerMisbehaved', 'not IKE'],
  ['garbage-payload.initiator', PSK, 'peerMisbehaved', 'not IKE'],
  ['garbage-syntax.initiator', PSK, 'peerMisbehaved', 'INVALID_SYNTAX'],
  ['garbage-major.initiator', PSK, 'peerMisbehaved', 'version of IKE'],
  ['garbage-cookie.initiator', PSK, 'peerMisbehaved', 'given up after 5 times'],
  ['childless.initiator', PSK, 'peerMisbehaved', 'INVALID_SYNTAX'],

  ['ike-proposal.initiator', PSK, 'noProposalChosen', 'AES256, SHA256, Group14', 'mainMode'],
  [
    'ike-proposal.responder',
    PSK,
    'noProposalChosen',
    'proposes IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048, IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024;',
    'takes IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048.',
  ],
  ['ike-group.initiator', PSK, 'noProposalChosen', 'Group14'],
  ['ike-group.responder', PSK, 'noProposalChosen', 'ECP_256', 'MODP_2048'],
  ['ike-gcm.initiator', GCM, 'noProposalChosen', 'GCMAES256, SHA384, ECP384'],
  ['ike-gcm.responder', GCM, 'noProposalChosen', 'AES_GCM_16_256', 'AES_CBC_256'],
  ['ike-version-1.initiator', PSK, 'noProposalChosen', 'no connection for our address and IKEv2'],
  ['ike-version-1.responder', PSK, 'noProposalChosen', 'speaks IKEv1, this connection IKEv2'],
  ['unknown-address.initiator', PSK, 'noProposalChosen', 'no connection for our address'],
  ['garbage-dh.initiator', PSK, 'noProposalChosen', 'group ECP_256', 'has Group14'],
  ['esp-proposal.initiator', PSK, 'noProposalChosen', 'GCMAES256, perfect', 'quickMode'],
  ['esp-proposal.responder', PSK, 'noProposalChosen', 'HMAC_SHA1_96', 'quickMode'],

  ['psk-wrong.initiator', PSK, 'authenticationFailed', 'pre-shared key', '"203.0.113.1"'],
  ['psk-wrong.responder', PSK, 'authenticationFailed', 'another pre-shared key'],
  ['psk-missing.initiator', PSK, 'authenticationFailed', 'pre-shared key'],
  ['auth-method-peer-wants-cert.initiator', BY_NAME, 'authenticationFailed', '"gw.example"'],
  ['auth-method-peer-wants-cert.responder', BY_NAME, 'authenticationFailed', 'by a certificate'],
  ['auth-method-we-want-cert.initiator', CERT, 'authenticationFailed', 'trust the authority'],
  ['auth-method-we-want-cert.responder', CERT, 'authenticationFailed', 'by a pre-shared key'],
  ['cert-key-mismatch.initiator', CERT, 'authenticationFailed', 'private key does not belong'],
  ['cert-key-mismatch.responder', CERT, 'authenticationFailed', 'private key does not belong'],
  ['cert-ours-foreign.initiator', CERT, 'authenticationFailed', 'trust the authority'],
  ['cert-ours-foreign.responder', CERT, 'other', 'may not accept our certificate'],
  ['cert-ours-expired.responder', CERT, 'other', 'may not accept our certificate'],

  [
    'our-identity-unknown.initiator',
    { ...PSK, localIdentity: 'gw.example' },
    'authenticationFailed',
    'we are "gw.example" and ask for "203.0.113.2"',
  ],
  [
    'our-identity-unknown.responder',
    { ...PSK, localIdentity: 'gw.example' },
    'identityMismatch',
    'looks for "203.0.113.1"',
    'is "gw.example"',
  ],
  ['peer-identity-other.initiator', PSK, 'authenticationFailed', 'ask for "203.0.113.2"'],
  [
    'peer-identity-other.responder',
    PSK,
    'identityMismatch',
    'says that it is "office.example"',
    'expects "203.0.113.2"',
  ],
  [
    'peer-identity-any-ours.initiator',
    { ...PSK, remoteIdentity: 'other.example' },
    'authenticationFailed',
    'ask for "other.example"',
  ],
  [
    'peer-identity-any-ours.responder',
    { ...PSK, remoteIdentity: 'other.example' },
    'identityMismatch',
    'says that it is "office.example"; this connection expects "other.example"',
  ],
  [
    'identity-wildcard.initiator',
    { ...PSK, remoteIdentity: '*.example.org' },
    'identityMismatch',
    'says that it is "office.example", but this connection expects "*.example.org"',
  ],
  ['identity-wildcard.responder', PSK, 'identityMismatch', '"office.example"'],
  ['cert-identity-wildcard.initiator', CERT, 'identityMismatch', 'expects "*.example.org"'],
  ['cert-identity-wildcard.responder', CERT, 'identityMismatch', '"office.example"'],
  [
    'cert-identity-not-in-cert.initiator',
    CERT,
    'identityMismatch',
    'itself "branch.example", but its certificate "O=Blue, CN=office.example" does not',
  ],
  ['cert-identity-not-in-cert.responder', CERT, 'identityMismatch', '"branch.example"'],

  [
    'cert-expired.initiator',
    CERT,
    'certificateExpired',
    '"O=Blue, CN=office.example" that is only valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021',
  ],
  ['cert-expired.responder', CERT, 'certificateExpired', '2021'],
  ['cert-revoked.initiator', CERT, 'certificateRevoked', 'revoked on '],
  ['cert-revoked.responder', CERT, 'certificateRevoked', '(unspecified)'],
  [
    'cert-foreign.initiator',
    CERT,
    'certificateUntrusted',
    'authority "O=Foreign, CN=Foreign root"',
  ],
  ['cert-foreign.responder', CERT, 'certificateUntrusted', 'certificateAuthorities'],
  ['cert-not-sent.initiator', CERT, 'certificateUntrusted', 'has sent no certificate'],
  ['cert-not-sent.responder', CERT, 'certificateUntrusted', 'has sent no certificate'],
  ['cert-strict-no-crl.initiator', STRICT, 'certificateUntrusted', 'names no revocation list'],
  ['cert-strict-no-crl.responder', STRICT, 'certificateUntrusted', 'names no revocation list'],
  ['cert-strict-crl-expired.initiator', STRICT, 'certificateUntrusted', 'list has expired'],
  ['cert-strict-crl-expired.responder', STRICT, 'certificateUntrusted', 'list has expired'],
  ['cert-strict-ocsp-unreachable.initiator', STRICT, 'certificateUntrusted', 'could be reached'],
  ['cert-strict-ocsp-unreachable.responder', STRICT, 'certificateUntrusted', 'could be reached'],

  [
    'selectors.initiator',
    byPolicy('10.1.0.0/24'),
    'selectorsRefused',
    'not accept the traffic selectors of this connection: 10.1.0.0/24 here and 10.2.0.0/24 there',
  ],
  [
    'selectors.responder',
    byPolicy('10.1.0.0/24'),
    'selectorsRefused',
    'wants a tunnel between 10.8.0.0/16 here and 10.9.0.0/16 there',
  ],
  [
    'selectors-no-address.initiator',
    byPolicy('10.7.0.0/24'),
    'selectorsRefused',
    'no address in 10.7.0.0/24',
  ],
  ['selectors-no-address.responder', byPolicy('10.7.0.0/24'), 'selectorsRefused', '10.7.0.0/24'],
  ['mode-transport.initiator', PSK, 'selectorsRefused', 'does not accept'],
  [
    'mode-transport.responder',
    PSK,
    'selectorsRefused',
    '203.0.113.1/32 here and 203.0.113.2/32 there',
  ],

  ['v1-proposal.initiator', V1, 'noProposalChosen', 'AES256, SHA256, Group14', 'IKEv1'],
  ['v1-proposal.responder', V1, 'noProposalChosen', 'HMAC_SHA1_96', 'MODP_2048', 'mainMode'],
  ['v1-esp.initiator', V1, 'noProposalChosen', 'quickMode'],
  ['v1-esp.responder', V1, 'noProposalChosen', 'HMAC_SHA1_96', 'quickMode'],
  ['v1-we-2-peer.initiator', V1, 'noProposalChosen', 'IKEv1'],
  ['v1-we-2-peer.responder', V1, 'noProposalChosen', 'speaks IKEv2, this connection IKEv1'],
  ['v1-psk.initiator', V1, 'authenticationFailed', 'another pre-shared key'],
  ['v1-psk.responder', V1, 'authenticationFailed', 'another pre-shared key'],
  ['v1-identity.initiator', V1, 'identityMismatch', '"office.example"', '"203.0.113.2"'],
  ['v1-identity.responder', V1, 'identityMismatch', '"office.example"', '"203.0.113.2"'],
  ['v1-our-identity.initiator', V1, 'authenticationFailed', 'identities'],
  ['v1-our-identity.responder', V1, 'other', 'has ended the tunnel as soon as'],
  ['v1-selectors.initiator', V1, 'selectorsRefused', 'UDP port 1701'],
  ['v1-selectors.responder', V1, 'selectorsRefused', '203.0.113.1/32[udp/1702] here'],
  ['v1-transport-mode.initiator', V1, 'daemonFailed', 'unsupported mode'],
  ['v1-transport-mode.responder', V1, 'noProposalChosen', 'quickMode'],
  ['v1-cert-expired.initiator', V1_CERT, 'certificateExpired', '2021'],
  ['v1-cert-expired.responder', V1_CERT, 'certificateExpired', '2021'],
  ['v1-cert-foreign.initiator', V1_CERT, 'certificateUntrusted', 'Foreign root'],
  ['v1-cert-foreign.responder', V1_CERT, 'certificateUntrusted', 'Foreign root'],
];

for (const [name, connection, cause, ...fragments] of RECORDINGS)
  test(name, () => {
    const explanation = explain(name, connection);
    expect(explanation.cause).toBe(cause);
    for (const fragment of fragments) expect(explanation.message).toContain(fragment);
  });

test('every recording is looked at', () => {
  const files = readdirSync(LOGS).filter((name) => name.endsWith('.txt'));
  const looked = new Set(RECORDINGS.map(([name]) => `${name}.txt`));
  expect(files.filter((name) => !looked.has(name) && name !== OWN_EXPIRED)).toEqual([]);
});

const OWN_EXPIRED = 'cert-ours-expired.initiator.txt';

test('a peer that refuses our certificate may well do so because it has expired', async () => {
  const from = new Date('2020-01-01T00:00:00Z');
  const to = new Date('2021-01-01T00:00:00Z');
  const made = await makeCertificate('gw.example', from, to);
  const credential = {
    certificate: made.certificate,
    privateKey: new Secret(made.privateKey),
  };
  const spec = specOf({ ...CERT, authentication: { ...CERTIFICATE, credential } });
  const lines = linesOf(OWN_EXPIRED);
  const later = explainFailure(lines, { spec, now: new Date('2021-01-02T00:00:00Z') });
  expect(later.cause).toBe('authenticationFailed');
  expect(later.message).toContain("the gateway's certificate is only valid from Jan  1");
  const before = explainFailure(lines, { spec, now: new Date('2020-06-01T00:00:00Z') });
  expect(before.message).toContain('It must trust the authority');
});

test('a try that was cut short is a peer that does not answer', () => {
  const lines = linesOf('silent.initiator.txt');
  for (let count = 2; count <= lines.length; count++)
    expect(explainFailure(lines.slice(0, count), { spec: specOf(PSK) }).cause).toBe(
      'peerUnreachable',
    );
  const timeout = ["CHILD_SA 'office@083931a0' not established after 5500ms"];
  expect(explainFailure(timeout, { spec: specOf(PSK) }).cause).toBe('peerUnreachable');
});

test('a certificate that was accepted in the end is not to blame', () => {
  const lines = [
    'subject certificate invalid (valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021)',
    "authentication of 'office.example' with ECDSA_WITH_SHA256_DER successful",
    'received TS_UNACCEPTABLE notify, no CHILD_SA built',
  ];
  expect(explainFailure(lines, { spec: specOf(CERT) }).cause).toBe('selectorsRefused');
});

test('what nobody knows is said in charon’s words, everyday lines left out', () => {
  const lines = ['something new', 'sending packet: from 203.0.113.1[500] to 203.0.113.2[500]'];
  const { cause, message } = explainFailure(lines, { spec: specOf(PSK) });
  expect(cause).toBe('other');
  expect(message).toContain('something new');
  expect(explainFailure([], { spec: specOf(PSK) }).message).toContain('has not said why');
});

test('messages are of bounded length, have no control characters, and never a secret', () => {
  const recorded = RECORDINGS.flatMap(([name]) => linesOf(`${name}.txt`));
  const hostile = fc
    .tuple(fc.constantFrom(...recorded), fc.string({ unit: 'binary', maxLength: 900 }))
    .map(([line, text]) => line.replace(/'[^']*'|"[^"]*"|\d+/, () => text));
  const line = fc.oneof(fc.constantFrom(...recorded), hostile);
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 12 }),
      fc.constantFrom(...RECORDINGS.map(([, connection]) => connection)),
      (lines, connection) => {
        const { message } = explainFailure(lines, { spec: specOf(connection) });
        expect(message.length).toBeLessThan(3000);
        expect(message).not.toMatch(/\p{C}/u);
        expect(message).not.toContain(SECRET);
      },
    ),
    { numRuns: 40 },
  );
});

function explain(name: string, connection: IpsecConnection): Explanation {
  return explainFailure(linesOf(`${name}.txt`), { spec: specOf(connection) });
}

function linesOf(file: string): string[] {
  return readFileSync(new URL(file, LOGS), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '));
}

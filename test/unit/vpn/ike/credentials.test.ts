import { expect, test } from 'vitest';
import type { CertificateAuthentication } from '../../../../src/model/remote-connection.js';
import { Secret } from '../../../../src/model/secret.js';
import { credentials, readCredential } from '../../../../src/vpn/ike/credentials.js';
import type { ReadCertificate } from '../../../../src/vpn/ike/tunnel.js';
import { makeCertificate, revocationList, type MadeCertificate } from './certificates.js';
import { IKEV2, SECRET, specOf, WAITING } from './tunnel-specs.js';

const SPEC = specOf({ ...IKEV2, localIdentity: 'gw.example', remoteIdentity: 'office.example' });

test('a pre-shared key belongs to both identities and is named like the connection', () => {
  expect(credentials(SPEC, 'office@12345678', SPEC_PSK)).toEqual([
    {
      command: 'load-shared',
      message: {
        id: 'office@12345678',
        type: 'IKE',
        data: SECRET,
        owners: ['gw.example', 'office.example'],
      },
    },
  ]);
});

test('without a peer that is known it is the key for anybody', () => {
  const [request] = credentials(specOf(WAITING), 'name', SPEC_PSK);
  expect(request?.message['owners']).toEqual(['203.0.113.1', '%any']);
});

const SPEC_PSK = { method: 'psk', secret: new Secret(SECRET) } as const;

test('a certificate: key, chain, authorities and revocation lists', async () => {
  const [own, between, authority] = (await Promise.all(
    ['gw', 'between', 'authority'].map((name) => makeCertificate(name)),
  )) as [MadeCertificate, MadeCertificate, MadeCertificate];
  const requests = credentials(SPEC, 'name', {
    ...READ,
    certificate: own.certificate + between.certificate,
    privateKey: new Secret(own.privateKey),
    certificateAuthorities: [authority.certificate],
    revocationLists: [revocationList(10) + revocationList(20)],
  });
  expect(
    requests.map(({ command, message }) => [command, message['type'], message['flag']]),
  ).toEqual([
    ['load-key', 'any', undefined],
    ['load-cert', 'X509', 'NONE'],
    ['load-cert', 'X509', 'NONE'],
    ['load-cert', 'X509', 'CA'],
    ['load-cert', 'X509_CRL', undefined],
    ['load-cert', 'X509_CRL', undefined],
  ]);
  expect(requests[0]?.message['data']).toBe(own.privateKey);
  expect(requests[4]?.message['data']).toEqual(new Uint8Array(10).fill(0x30));
});

test('what is no certificate is refused, without showing it', async () => {
  const { certificate } = await makeCertificate('gw');
  const refused = (credential: Partial<ReadCertificate>): void => {
    expect(() => credentials(SPEC, 'name', { ...READ, certificate, ...credential })).toThrow(
      expect.objectContaining({ code: 'invalidCertificate' }) as Error,
    );
  };
  refused({ certificate: '' });
  refused({ certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' });
  refused({ certificateAuthorities: ['nothing'] });
  refused({ revocationLists: ['nothing'] });
  refused({ revocationLists: [revocationList(65_536)] });
});

test('files are read, and nothing else is', async () => {
  const authentication: CertificateAuthentication = {
    method: 'certificate',
    credential: { certificateFile: '/gw.pem', privateKeyFile: '/gw.key' },
    certificateAuthorities: [{ certificateFile: '/ca.pem' }, { certificate: 'inline' }],
    revocationLists: ['list'],
    revocation: 'relaxed',
  };
  const read = await readCredential(authentication, (path) => Promise.resolve(`text of ${path}`));
  expect(read).toMatchObject({
    certificate: 'text of /gw.pem',
    certificateAuthorities: ['text of /ca.pem', 'inline'],
    revocationLists: ['list'],
    revocation: 'relaxed',
  });
  expect(read.method === 'certificate' && read.privateKey.reveal()).toBe('text of /gw.key');
  expect(JSON.stringify(read)).not.toContain('text of /gw.key');

  const failing = readCredential(authentication, () => Promise.reject(new Error('no such file')));
  await expect(failing).rejects.toThrow('no such file');
});

const READ: ReadCertificate = {
  method: 'certificate',
  certificate: '',
  privateKey: new Secret('key'),
  certificateAuthorities: [],
  revocationLists: [],
  revocation: 'relaxed',
};

import type { MainMode, QuickMode } from '../model/ipsec.js';
import type { CertificateAuthentication, IpsecAuthentication } from '../model/remote-connection.js';
import { Secret } from '../model/secret.js';

/* How an IPsec connection is protected, in rows of the store. */

export type MainModeRow = readonly [
  MainMode['encryptionAlgorithm'],
  MainMode['integrityAlgorithm'],
  MainMode['diffieHellmanGroup'],
  saLifeTimeSeconds: number,
  reauthenticate: boolean,
];

export function mainModeRow(mode: MainMode): MainModeRow {
  return [
    mode.encryptionAlgorithm,
    mode.integrityAlgorithm,
    mode.diffieHellmanGroup,
    mode.saLifeTimeSeconds,
    mode.reauthenticate,
  ];
}

export function mainModeOf(row: MainModeRow): MainMode {
  const [encryptionAlgorithm, integrityAlgorithm, group, saLifeTimeSeconds, reauthenticate] = row;
  return {
    encryptionAlgorithm,
    integrityAlgorithm,
    diffieHellmanGroup: group,
    saLifeTimeSeconds,
    reauthenticate,
  };
}

export type QuickModeRow = readonly [
  QuickMode['cipherTransformationConstant'],
  QuickMode['authenticationTransformationConstant'],
  QuickMode['perfectForwardSecrecy'],
  saLifeTimeSeconds: number,
  saLifeTimeKiloBytes: number | null,
];

export function quickModeRow(mode: QuickMode): QuickModeRow {
  return [
    mode.cipherTransformationConstant,
    mode.authenticationTransformationConstant,
    mode.perfectForwardSecrecy,
    mode.saLifeTimeSeconds,
    mode.saLifeTimeKiloBytes ?? null,
  ];
}

export function quickModeOf(row: QuickModeRow): QuickMode {
  const [cipher, authentication, perfectForwardSecrecy, saLifeTimeSeconds, kiloBytes] = row;
  return {
    cipherTransformationConstant: cipher,
    authenticationTransformationConstant: authentication,
    perfectForwardSecrecy,
    saLifeTimeSeconds,
    ...(kiloBytes !== null && { saLifeTimeKiloBytes: kiloBytes }),
  };
}

/** Certificates stand in the store themselves or by the path of their file. */
type PemRow = readonly ['text' | 'file', string];

export type AuthenticationRow =
  | readonly ['psk', secret: string]
  | readonly [
      'certificate',
      certificate: PemRow,
      /** Of the kind that the certificate is of. */
      privateKey: string,
      authorities: readonly PemRow[],
      revocationLists: readonly string[],
      revocation: CertificateAuthentication['revocation'],
    ];

export function authenticationRow(authentication: IpsecAuthentication): AuthenticationRow {
  if (authentication.method === 'psk') return ['psk', authentication.secret.reveal()];
  const { credential, certificateAuthorities, revocationLists, revocation } = authentication;
  return [
    'certificate',
    pemRow(credential),
    'privateKey' in credential ? credential.privateKey.reveal() : credential.privateKeyFile,
    certificateAuthorities.map(pemRow),
    revocationLists,
    revocation,
  ];
}

export function authenticationOf(row: AuthenticationRow): IpsecAuthentication {
  if (row[0] === 'psk') return { method: 'psk', secret: new Secret(row[1]) };
  const [method, [kind, certificate], key, authorities, revocationLists, revocation] = row;
  return {
    method,
    credential:
      kind === 'text'
        ? { certificate, privateKey: new Secret(key) }
        : { certificateFile: certificate, privateKeyFile: key },
    certificateAuthorities: authorities.map(([each, value]) =>
      each === 'text' ? { certificate: value } : { certificateFile: value },
    ),
    revocationLists,
    revocation,
  };
}

function pemRow(pem: { certificate: string } | { certificateFile: string }): PemRow {
  return 'certificate' in pem ? ['text', pem.certificate] : ['file', pem.certificateFile];
}

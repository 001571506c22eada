import { Type, type Static, type TOptional, type TString } from 'typebox';
import {
  AUTHENTICATION_TRANSFORMATIONS,
  CIPHER_TRANSFORMATIONS,
  DEFAULT_MAIN_MODE,
  DEFAULT_QUICK_MODE,
  DIFFIE_HELLMAN_GROUPS,
  ENCRYPTION_ALGORITHMS,
  INTEGRITY_ALGORITHMS,
  PERFECT_FORWARD_SECRECY,
} from '../src/model/ipsec.js';
import { closed } from './field-schemas.js';

/*
 * How an IPsec connection is protected and who the peers are. Names that the schema knows and the
 * running system does not are refused by the policy: GET /v1/capabilities lists what there is.
 */

/** A string that is taken and never given out; left out, the one that is stored stays. */
export const secretText = (description: string, maxLength: number): TOptional<TString> =>
  Type.Optional(
    Type.String({
      minLength: 1,
      maxLength,
      writeOnly: true,
      description: `${description}. Never read back; left out of a push, the one stored before stays`,
    }),
  );

const oneOf = <Name extends string>(names: readonly Name[], fallback: Name) =>
  Type.Optional(Type.Enum([...names], { default: fallback }));

export const MainModeSchema = Type.Object(
  {
    encryptionAlgorithm: oneOf(ENCRYPTION_ALGORITHMS, DEFAULT_MAIN_MODE.encryptionAlgorithm),
    integrityAlgorithm: oneOf(INTEGRITY_ALGORITHMS, DEFAULT_MAIN_MODE.integrityAlgorithm),
    diffieHellmanGroup: oneOf(DIFFIE_HELLMAN_GROUPS, DEFAULT_MAIN_MODE.diffieHellmanGroup),
    saLifeTimeSeconds: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: 172_799,
        default: DEFAULT_MAIN_MODE.saLifeTimeSeconds,
      }),
    ),
    reauthenticate: Type.Optional(
      Type.Boolean({
        default: DEFAULT_MAIN_MODE.reauthenticate,
        description: 'A new IKE SA with a new authentication instead of rekeying',
      }),
    ),
  },
  { ...closed, $id: 'MainMode', description: 'How the IKE SA is protected' },
);

export const QuickModeSchema = Type.Object(
  {
    cipherTransformationConstant: oneOf(
      CIPHER_TRANSFORMATIONS,
      DEFAULT_QUICK_MODE.cipherTransformationConstant,
    ),
    authenticationTransformationConstant: Type.Optional(
      Type.Enum([...AUTHENTICATION_TRANSFORMATIONS], {
        description: 'With a GCM cipher the same as the cipher; if absent that, else SHA256128',
      }),
    ),
    perfectForwardSecrecy: oneOf(PERFECT_FORWARD_SECRECY, DEFAULT_QUICK_MODE.perfectForwardSecrecy),
    saLifeTimeSeconds: Type.Optional(
      Type.Integer({
        minimum: 30,
        maximum: 172_799,
        default: DEFAULT_QUICK_MODE.saLifeTimeSeconds,
      }),
    ),
    saLifeTimeKiloBytes: Type.Optional(
      Type.Integer({
        minimum: 1024,
        maximum: 2_147_483_647,
        description: 'KiB; if absent the time alone ends an SA',
      }),
    ),
  },
  { ...closed, $id: 'QuickMode', description: 'How the traffic is protected (ESP)' },
);

/** One VICI value holds no more. */
const PEM_MAX_LENGTH = 65_535;

const pem = (what: string) =>
  Type.String({ minLength: 1, maxLength: PEM_MAX_LENGTH, description: `PEM: ${what}` });
const filePath = (what: string) =>
  Type.String({
    minLength: 1,
    maxLength: 4095,
    description: `Absolute path on the gateway of a PEM file: ${what}`,
    examples: ['/etc/nvgate/vpn/gateway.pem'],
  });

export const PresharedKeySchema = Type.Object(
  { method: Type.Literal('psk'), secret: secretText('The pre-shared key', 1024) },
  { ...closed, $id: 'PresharedKey', description: 'Both ends know one secret' },
);

export const CertificateAuthenticationSchema = Type.Object(
  {
    method: Type.Literal('certificate'),
    certificate: Type.Optional(pem('the certificate of the gateway’s end')),
    privateKey: secretText('PEM: the key of `certificate`', PEM_MAX_LENGTH),
    certificateFile: Type.Optional(filePath('the certificate, instead of `certificate`')),
    privateKeyFile: Type.Optional(filePath('the key of `certificateFile`')),
    certificateAuthorities: Type.Optional(
      Type.Array(pem('a certificate that may have signed the peer’s')),
    ),
    certificateAuthorityFiles: Type.Optional(
      Type.Array(filePath('a certificate that may have signed the peer’s')),
    ),
    revocationLists: Type.Optional(Type.Array(pem('a certificate revocation list'))),
    revocation: Type.Optional(
      Type.Enum(['relaxed', 'strict'], {
        default: 'relaxed',
        description:
          'strict: no certificate without fresh word that it is good; relaxed: only a known revocation counts',
      }),
    ),
  },
  {
    ...closed,
    $id: 'CertificateAuthentication',
    description:
      'Each end shows a certificate. Needs a certificate with its key, pushed or in files, and an authority, pushed or in a file',
  },
);

export const IpsecAuthenticationSchema = Type.Union(
  [PresharedKeySchema, CertificateAuthenticationSchema],
  {
    $id: 'IpsecAuthentication',
    discriminator: {
      propertyName: 'method',
      mapping: {
        psk: '#/components/schemas/PresharedKey',
        certificate: '#/components/schemas/CertificateAuthentication',
      },
    },
  },
);

export type MainModeDocument = Static<typeof MainModeSchema>;
export type QuickModeDocument = Static<typeof QuickModeSchema>;
export type IpsecAuthenticationDocument = Static<typeof IpsecAuthenticationSchema>;
export type CertificateAuthenticationDocument = Static<typeof CertificateAuthenticationSchema>;

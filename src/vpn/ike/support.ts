import {
  AUTHENTICATION_TRANSFORMATIONS,
  CIPHER_TRANSFORMATIONS,
  DIFFIE_HELLMAN_GROUPS,
  ENCRYPTION_ALGORITHMS,
  INTEGRITY_ALGORITHMS,
  PERFECT_FORWARD_SECRECY,
  type AuthenticationTransformation,
  type CipherTransformation,
  type DiffieHellmanGroup,
  type EncryptionAlgorithm,
  type IntegrityAlgorithm,
} from '../../model/ipsec.js';
import type { AlgorithmSupport, IpsecDataPath } from '../../model/vpn-support.js';
import type { ViciSection } from '../vici/message.js';
import { sectionsOf } from '../vici/read.js';
import { forwardSecrecyGroup } from './proposals.js';

/* charon's names of what an algorithm needs, as `get-algorithms` has them; any key length is one name. */

const ENCRYPTION: Readonly<Record<EncryptionAlgorithm, string>> = {
  DES: 'DES_CBC',
  DES3: '3DES_CBC',
  AES128: 'AES_CBC',
  AES192: 'AES_CBC',
  AES256: 'AES_CBC',
  GCMAES128: 'AES_GCM_16',
  GCMAES256: 'AES_GCM_16',
};

const INTEGRITY: Readonly<Record<IntegrityAlgorithm, readonly string[]>> = {
  MD5: ['HMAC_MD5_96', 'PRF_HMAC_MD5'],
  SHA1: ['HMAC_SHA1_96', 'PRF_HMAC_SHA1'],
  SHA256: ['HMAC_SHA2_256_128', 'PRF_HMAC_SHA2_256'],
  SHA384: ['HMAC_SHA2_384_192', 'PRF_HMAC_SHA2_384'],
  SHA512: ['HMAC_SHA2_512_256', 'PRF_HMAC_SHA2_512'],
};

const GROUP: Readonly<Record<DiffieHellmanGroup, string>> = {
  Group1: 'MODP_768',
  Group2: 'MODP_1024',
  Group14: 'MODP_2048',
  Group15: 'MODP_3072',
  Group16: 'MODP_4096',
  Group24: 'MODP_2048_256',
  ECP256: 'ECP_256',
  ECP384: 'ECP_384',
  ECP521: 'ECP_521',
  Curve25519: 'CURVE_25519',
};

const CIPHER: Readonly<Record<CipherTransformation, string>> = {
  None: 'NULL',
  DES: 'DES_CBC',
  DES3: '3DES_CBC',
  AES128: 'AES_CBC',
  AES192: 'AES_CBC',
  AES256: 'AES_CBC',
  GCMAES128: 'AES_GCM_16',
  GCMAES192: 'AES_GCM_16',
  GCMAES256: 'AES_GCM_16',
};

const AUTHENTICATION: Readonly<Record<AuthenticationTransformation, string>> = {
  MD596: 'HMAC_MD5_96',
  SHA196: 'HMAC_SHA1_96',
  SHA256128: 'HMAC_SHA2_256_128',
  SHA384192: 'HMAC_SHA2_384_192',
  SHA512256: 'HMAC_SHA2_512_256',
  GCMAES128: 'AES_GCM_16',
  GCMAES192: 'AES_GCM_16',
  GCMAES256: 'AES_GCM_16',
};

/**
 * From charon's answer to `get-algorithms`: `{encryption: {AES_CBC: 'openssl', …}, integrity, aead,
 * prf, dh, …}`. User space ESP has what charon has. The kernel's ciphers come from modules that load
 * when an SA asks for them: all that charon can name are taken to be there, as in Debian's kernel.
 */
export function algorithmSupport(reply: ViciSection, dataPath: IpsecDataPath): AlgorithmSupport {
  const names = algorithmNames(reply);
  const has = (name: string): boolean => names.has(name);
  const esp = dataPath === 'kernel' ? () => true : has;
  const hasGroup = (group: DiffieHellmanGroup): boolean => has(GROUP[group]);
  return {
    encryptionAlgorithms: ENCRYPTION_ALGORITHMS.filter((name) => has(ENCRYPTION[name])),
    integrityAlgorithms: INTEGRITY_ALGORITHMS.filter((name) => INTEGRITY[name].every(has)),
    diffieHellmanGroups: DIFFIE_HELLMAN_GROUPS.filter(hasGroup),
    cipherTransformations: CIPHER_TRANSFORMATIONS.filter((name) => esp(CIPHER[name])),
    authenticationTransformations: AUTHENTICATION_TRANSFORMATIONS.filter((name) =>
      esp(AUTHENTICATION[name]),
    ),
    perfectForwardSecrecy: PERFECT_FORWARD_SECRECY.filter(
      (name) => name === 'None' || name === 'PFSMM' || hasGroup(forwardSecrecyGroup(name)),
    ),
  };
}

function algorithmNames(reply: ViciSection): ReadonlySet<string> {
  return new Set(sectionsOf(reply).flatMap(([, kind]) => Object.keys(kind)));
}

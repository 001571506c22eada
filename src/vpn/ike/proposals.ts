import { NvgateError } from '../../errors.js';
import { proposalProblem } from '../../model/ipsec-consistency.js';
import type {
  AuthenticationTransformation,
  CipherTransformation,
  DiffieHellmanGroup,
  EncryptionAlgorithm,
  IntegrityAlgorithm,
  MainMode,
  PerfectForwardSecrecy,
  QuickMode,
} from '../../model/ipsec.js';

/*
 * The keywords are those of strongSwan's documentation, "IKEv2 Cipher Suites". Each proposal names
 * one algorithm of each kind: what the policy says is what is used.
 */

const IKE_CIPHER: Readonly<Record<EncryptionAlgorithm, string>> = {
  DES: 'des',
  DES3: '3des',
  AES128: 'aes128',
  AES192: 'aes192',
  AES256: 'aes256',
  GCMAES128: 'aes128gcm16',
  GCMAES256: 'aes256gcm16',
};

/** Stands for the integrity algorithm and the pseudo-random function. */
const IKE_INTEGRITY: Readonly<Record<IntegrityAlgorithm, string>> = {
  MD5: 'md5',
  SHA1: 'sha1',
  SHA256: 'sha256',
  SHA384: 'sha384',
  SHA512: 'sha512',
};

const GROUP: Readonly<Record<DiffieHellmanGroup, string>> = {
  Group1: 'modp768',
  Group2: 'modp1024',
  Group14: 'modp2048',
  Group15: 'modp3072',
  Group16: 'modp4096',
  Group24: 'modp2048s256',
  ECP256: 'ecp256',
  ECP384: 'ecp384',
  ECP521: 'ecp521',
  Curve25519: 'curve25519',
};

const ESP_CIPHER: Readonly<Record<CipherTransformation, string>> = {
  None: 'null',
  DES: 'des',
  DES3: '3des',
  AES128: 'aes128',
  AES192: 'aes192',
  AES256: 'aes256',
  GCMAES128: 'aes128gcm16',
  GCMAES192: 'aes192gcm16',
  GCMAES256: 'aes256gcm16',
};

/** Empty: the cipher does it. */
const ESP_INTEGRITY: Readonly<Record<AuthenticationTransformation, string>> = {
  MD596: 'md5',
  SHA196: 'sha1',
  SHA256128: 'sha256',
  SHA384192: 'sha384',
  SHA512256: 'sha512',
  GCMAES128: '',
  GCMAES192: '',
  GCMAES256: '',
};

type NamedGroup = Exclude<PerfectForwardSecrecy, 'None' | 'PFSMM'>;

const FORWARD_SECRECY: Readonly<Record<NamedGroup, DiffieHellmanGroup>> = {
  PFS1: 'Group1',
  PFS2: 'Group2',
  PFS2048: 'Group14',
  PFS24: 'Group24',
  ECP256: 'ECP256',
  ECP384: 'ECP384',
  ECP521: 'ECP521',
  Curve25519: 'Curve25519',
};

/** `aes256-sha256-modp2048`, or `aes256gcm16-prfsha256-modp2048`. */
export function ikeProposal(mainMode: MainMode): string {
  const { encryptionAlgorithm, integrityAlgorithm, diffieHellmanGroup } = mainMode;
  const integrity = IKE_INTEGRITY[integrityAlgorithm];
  return [
    IKE_CIPHER[encryptionAlgorithm],
    encryptionAlgorithm.startsWith('GCM') ? `prf${integrity}` : integrity,
    GROUP[diffieHellmanGroup],
  ].join('-');
}

/**
 * `aes256-sha256-modp2048`, or `aes256gcm16-modp2048`.
 * @throws NvgateError `unsupportedAlgorithm` when cipher and authentication do not go together
 */
export function espProposal(quickMode: QuickMode, mainMode: MainMode): string {
  const problem = proposalProblem(mainMode, quickMode);
  if (problem !== undefined)
    throw new NvgateError('unsupportedAlgorithm', `${problem.path}: ${problem.message}`);
  const group = childGroup(quickMode.perfectForwardSecrecy, mainMode);
  return [
    ESP_CIPHER[quickMode.cipherTransformationConstant],
    ESP_INTEGRITY[quickMode.authenticationTransformationConstant],
    group === undefined ? '' : GROUP[group],
  ]
    .filter((keyword) => keyword !== '')
    .join('-');
}

function childGroup(
  secrecy: PerfectForwardSecrecy,
  mainMode: MainMode,
): DiffieHellmanGroup | undefined {
  if (secrecy === 'None') return undefined;
  return secrecy === 'PFSMM' ? mainMode.diffieHellmanGroup : forwardSecrecyGroup(secrecy);
}

/** The group that a value of perfectForwardSecrecy names. */
export function forwardSecrecyGroup(secrecy: NamedGroup): DiffieHellmanGroup {
  return FORWARD_SECRECY[secrecy];
}

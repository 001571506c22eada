/*
 * The names of algorithms are those of the Network Controller's REST API (MS-NCNBI, ipSecConfiguration:
 * mainMode and quickMode), plus the stronger ones that it lacks. Which of them work is found on the
 * running system (`VpnSupport`).
 */

/** mainMode.encryptionAlgorithm: the cipher of the IKE SA. */
export const ENCRYPTION_ALGORITHMS = [
  'DES',
  'DES3',
  'AES128',
  'AES192',
  'AES256',
  'GCMAES128',
  'GCMAES256',
] as const;

/** mainMode.integrityAlgorithm: integrity and, always, the pseudo-random function of the IKE SA. */
export const INTEGRITY_ALGORITHMS = ['MD5', 'SHA1', 'SHA256', 'SHA384', 'SHA512'] as const;

/** mainMode.diffieHellmanGroup */
export const DIFFIE_HELLMAN_GROUPS = [
  'Group1',
  'Group2',
  'Group14',
  'Group15',
  'Group16',
  'Group24',
  'ECP256',
  'ECP384',
  'ECP521',
  'Curve25519',
] as const;

/** quickMode.cipherTransformationConstant: the cipher of ESP. */
export const CIPHER_TRANSFORMATIONS = [
  'None',
  'DES',
  'DES3',
  'AES128',
  'AES192',
  'AES256',
  'GCMAES128',
  'GCMAES192',
  'GCMAES256',
] as const;

/** quickMode.authenticationTransformationConstant; with a GCM cipher the same as the cipher. */
export const AUTHENTICATION_TRANSFORMATIONS = [
  'MD596',
  'SHA196',
  'SHA256128',
  'SHA384192',
  'SHA512256',
  'GCMAES128',
  'GCMAES192',
  'GCMAES256',
] as const;

/** quickMode.perfectForwardSecrecy; PFSMM = the group of main mode. */
export const PERFECT_FORWARD_SECRECY = [
  'None',
  'PFS1',
  'PFS2',
  'PFS2048',
  'PFS24',
  'PFSMM',
  'ECP256',
  'ECP384',
  'ECP521',
  'Curve25519',
] as const;

export type EncryptionAlgorithm = (typeof ENCRYPTION_ALGORITHMS)[number];
export type IntegrityAlgorithm = (typeof INTEGRITY_ALGORITHMS)[number];
export type DiffieHellmanGroup = (typeof DIFFIE_HELLMAN_GROUPS)[number];
export type CipherTransformation = (typeof CIPHER_TRANSFORMATIONS)[number];
export type AuthenticationTransformation = (typeof AUTHENTICATION_TRANSFORMATIONS)[number];
export type PerfectForwardSecrecy = (typeof PERFECT_FORWARD_SECRECY)[number];

/** How the IKE SA is protected. */
export interface MainMode {
  readonly encryptionAlgorithm: EncryptionAlgorithm;
  readonly integrityAlgorithm: IntegrityAlgorithm;
  readonly diffieHellmanGroup: DiffieHellmanGroup;
  /** 60..172799: no IKE SA is older; a new one is made before. */
  readonly saLifeTimeSeconds: number;
  /** Authenticate again, by a new IKE SA made before the old one is broken, instead of rekeying. */
  readonly reauthenticate: boolean;
}

/** How the traffic is protected (ESP). */
export interface QuickMode {
  readonly cipherTransformationConstant: CipherTransformation;
  readonly authenticationTransformationConstant: AuthenticationTransformation;
  readonly perfectForwardSecrecy: PerfectForwardSecrecy;
  /** 30..172799 */
  readonly saLifeTimeSeconds: number;
  /** 1024..2147483647 KiB; absent = the time alone ends an SA. */
  readonly saLifeTimeKiloBytes?: number;
}

export const DEFAULT_MAIN_MODE: MainMode = {
  encryptionAlgorithm: 'AES256',
  integrityAlgorithm: 'SHA256',
  diffieHellmanGroup: 'Group14',
  saLifeTimeSeconds: 28_800,
  reauthenticate: false,
};

export const DEFAULT_QUICK_MODE: QuickMode = {
  cipherTransformationConstant: 'GCMAES256',
  authenticationTransformationConstant: 'GCMAES256',
  perfectForwardSecrecy: 'PFS2048',
  saLifeTimeSeconds: 3600,
};

import type {
  AuthenticationTransformation,
  CipherTransformation,
  DiffieHellmanGroup,
  EncryptionAlgorithm,
  IntegrityAlgorithm,
  PerfectForwardSecrecy,
} from './ipsec.js';
import type { RemoteConnectionType } from './remote-connection.js';

/** Where ESP is done. */
export type IpsecDataPath = 'kernel' | 'userSpace';

/** Names of the `model/ipsec` enumerations that the running system can do. */
export interface AlgorithmSupport {
  readonly encryptionAlgorithms: readonly EncryptionAlgorithm[];
  readonly integrityAlgorithms: readonly IntegrityAlgorithm[];
  readonly diffieHellmanGroups: readonly DiffieHellmanGroup[];
  readonly cipherTransformations: readonly CipherTransformation[];
  readonly authenticationTransformations: readonly AuthenticationTransformation[];
  readonly perfectForwardSecrecy: readonly PerfectForwardSecrecy[];
}

/** What remote connections can be on this system (G6), found by trying. */
export interface VpnSupport extends AlgorithmSupport {
  /** Why connections of a type cannot be; absent = they can. */
  readonly unavailable: Readonly<Partial<Record<RemoteConnectionType, string>>>;
  readonly authenticationMethods: readonly ('psk' | 'certificate' | 'pap' | 'chap' | 'mschapv2')[];
  /** Absent where there is no IPsec at all. */
  readonly dataPath?: IpsecDataPath;
  /** Weak algorithms and PPTP may be pushed (`allowInsecureVpn`). */
  readonly allowInsecure: boolean;
}

/** What is broken or breakable today, and only taken where the operator allows it. */
export const INSECURE = {
  types: ['pptp'] as readonly RemoteConnectionType[],
  encryptionAlgorithms: ['DES', 'DES3'] as readonly EncryptionAlgorithm[],
  integrityAlgorithms: ['MD5', 'SHA1'] as readonly IntegrityAlgorithm[],
  diffieHellmanGroups: ['Group1', 'Group2'] as readonly DiffieHellmanGroup[],
  cipherTransformations: ['None', 'DES', 'DES3'] as readonly CipherTransformation[],
  authenticationTransformations: ['MD596', 'SHA196'] as readonly AuthenticationTransformation[],
  perfectForwardSecrecy: ['PFS1', 'PFS2'] as readonly PerfectForwardSecrecy[],
} as const;

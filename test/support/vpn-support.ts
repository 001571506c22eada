import {
  AUTHENTICATION_TRANSFORMATIONS,
  CIPHER_TRANSFORMATIONS,
  DIFFIE_HELLMAN_GROUPS,
  ENCRYPTION_ALGORITHMS,
  INTEGRITY_ALGORITHMS,
  PERFECT_FORWARD_SECRECY,
} from '../../src/model/ipsec.js';
import type { VpnSupport } from '../../src/model/vpn-support.js';

/** A gateway that can do everything there is a name for, weak or not. */
export const PERMISSIVE_VPN: VpnSupport = {
  unavailable: {},
  authenticationMethods: ['psk', 'certificate', 'pap', 'chap', 'mschapv2'],
  dataPath: 'kernel',
  allowInsecure: true,
  encryptionAlgorithms: ENCRYPTION_ALGORITHMS,
  integrityAlgorithms: INTEGRITY_ALGORITHMS,
  diffieHellmanGroups: DIFFIE_HELLMAN_GROUPS,
  cipherTransformations: CIPHER_TRANSFORMATIONS,
  authenticationTransformations: AUTHENTICATION_TRANSFORMATIONS,
  perfectForwardSecrecy: PERFECT_FORWARD_SECRECY,
};

import {
  AUTHENTICATION_TRANSFORMATIONS,
  CIPHER_TRANSFORMATIONS,
  DIFFIE_HELLMAN_GROUPS,
  ENCRYPTION_ALGORITHMS,
  INTEGRITY_ALGORITHMS,
  PERFECT_FORWARD_SECRECY,
} from '../model/ipsec.js';
import type { VpnSupport } from '../model/vpn-support.js';

/**
 * What is taken for a gateway's support of remote connections where there is no gateway to ask:
 * everything that has a name. Which of it is really there is found on the gateway's own system, so
 * a file that is right here may still be refused there.
 */
export function anyVpnSupport(allowInsecure: boolean): VpnSupport {
  return {
    unavailable: {},
    authenticationMethods: ['psk', 'certificate', 'pap', 'chap', 'mschapv2'],
    encryptionAlgorithms: ENCRYPTION_ALGORITHMS,
    integrityAlgorithms: INTEGRITY_ALGORITHMS,
    diffieHellmanGroups: DIFFIE_HELLMAN_GROUPS,
    cipherTransformations: CIPHER_TRANSFORMATIONS,
    authenticationTransformations: AUTHENTICATION_TRANSFORMATIONS,
    perfectForwardSecrecy: PERFECT_FORWARD_SECRECY,
    dataPath: 'kernel',
    allowInsecure,
  };
}

import type { MainMode, QuickMode } from './ipsec.js';
import type { IpsecConnection } from './remote-connection.js';

/** Algorithms that may each be supported, but not together. */
export interface ProposalProblem {
  /** Below the connection: `quickMode/authenticationTransformationConstant` */
  readonly path: string;
  readonly message: string;
}

/**
 * What is wrong with the combination; undefined: nothing. Whether each algorithm is supported is
 * another question (`VpnSupport`).
 */
export function proposalProblem(
  mainMode: MainMode,
  quickMode: QuickMode,
  type: IpsecConnection['type'] = 'ikev2',
): ProposalProblem | undefined {
  return mainModeProblem(mainMode, type) ?? quickModeProblem(quickMode);
}

/** L2TP negotiates by IKEv1, for which GCM (RFC 5282) and Curve25519 (RFC 8031) are not defined. */
function mainModeProblem(
  { encryptionAlgorithm, diffieHellmanGroup }: MainMode,
  type: IpsecConnection['type'],
): ProposalProblem | undefined {
  if (type === 'ikev2') return undefined;
  if (isGcm(encryptionAlgorithm))
    return {
      path: 'mainMode/encryptionAlgorithm',
      message: `${encryptionAlgorithm} does not exist in IKEv1, which L2TP uses. Take AES128, AES192 or AES256.`,
    };
  if (diffieHellmanGroup === 'Curve25519')
    return {
      path: 'mainMode/diffieHellmanGroup',
      message: 'Curve25519 does not exist in IKEv1, which L2TP uses. Take ECP256 or Group14.',
    };
  return undefined;
}

/** GCM encrypts and authenticates at once (RFC 4106); all else needs an integrity algorithm. */
function quickModeProblem({
  cipherTransformationConstant: cipher,
  authenticationTransformationConstant: authentication,
}: QuickMode): ProposalProblem | undefined {
  if (cipher === authentication) return undefined;
  const path = 'quickMode/authenticationTransformationConstant';
  if (isGcm(cipher))
    return {
      path,
      message: `${cipher} authenticates by itself: ${authentication} does not go with it. Write ${cipher} here too.`,
    };
  if (isGcm(authentication))
    return {
      path,
      message: `${authentication} goes only with the cipher ${authentication}, not with ${cipher}. Take SHA256128, or ${authentication} as the cipher.`,
    };
  return undefined;
}

function isGcm(algorithm: string): boolean {
  return algorithm.startsWith('GCM');
}

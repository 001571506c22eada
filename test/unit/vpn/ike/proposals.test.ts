import { describe, expect, test } from 'vitest';
import {
  AUTHENTICATION_TRANSFORMATIONS,
  CIPHER_TRANSFORMATIONS,
  DEFAULT_MAIN_MODE,
  DEFAULT_QUICK_MODE,
  DIFFIE_HELLMAN_GROUPS,
  ENCRYPTION_ALGORITHMS,
  INTEGRITY_ALGORITHMS,
  PERFECT_FORWARD_SECRECY,
  type AuthenticationTransformation,
  type CipherTransformation,
  type DiffieHellmanGroup,
  type EncryptionAlgorithm,
  type IntegrityAlgorithm,
  type PerfectForwardSecrecy,
} from '../../../../src/model/ipsec.js';
import { espProposal, ikeProposal } from '../../../../src/vpn/ike/proposals.js';

describe('main mode', () => {
  const CIPHERS: Record<EncryptionAlgorithm, string> = {
    DES: 'des-sha256',
    DES3: '3des-sha256',
    AES128: 'aes128-sha256',
    AES192: 'aes192-sha256',
    AES256: 'aes256-sha256',
    GCMAES128: 'aes128gcm16-prfsha256',
    GCMAES256: 'aes256gcm16-prfsha256',
  };
  test.each(ENCRYPTION_ALGORITHMS)('cipher %s', (encryptionAlgorithm) =>
    expect(ikeProposal({ ...DEFAULT_MAIN_MODE, encryptionAlgorithm })).toBe(
      `${CIPHERS[encryptionAlgorithm]}-modp2048`,
    ),
  );

  const INTEGRITY: Record<IntegrityAlgorithm, string> = {
    MD5: 'md5',
    SHA1: 'sha1',
    SHA256: 'sha256',
    SHA384: 'sha384',
    SHA512: 'sha512',
  };
  test.each(INTEGRITY_ALGORITHMS)('integrity %s', (integrityAlgorithm) => {
    const mainMode = { ...DEFAULT_MAIN_MODE, integrityAlgorithm };
    const keyword = INTEGRITY[integrityAlgorithm];
    expect(ikeProposal(mainMode)).toBe(`aes256-${keyword}-modp2048`);
    expect(ikeProposal({ ...mainMode, encryptionAlgorithm: 'GCMAES128' })).toBe(
      `aes128gcm16-prf${keyword}-modp2048`,
    );
  });

  const GROUPS: Record<DiffieHellmanGroup, string> = {
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
  test.each(DIFFIE_HELLMAN_GROUPS)('group %s', (diffieHellmanGroup) => {
    const mainMode = { ...DEFAULT_MAIN_MODE, diffieHellmanGroup };
    expect(ikeProposal(mainMode)).toBe(`aes256-sha256-${GROUPS[diffieHellmanGroup]}`);
    expect(espProposal({ ...DEFAULT_QUICK_MODE, perfectForwardSecrecy: 'PFSMM' }, mainMode)).toBe(
      `aes256gcm16-${GROUPS[diffieHellmanGroup]}`,
    );
  });
});

describe('quick mode', () => {
  const CIPHERS: Record<CipherTransformation, string> = {
    None: 'null-sha256',
    DES: 'des-sha256',
    DES3: '3des-sha256',
    AES128: 'aes128-sha256',
    AES192: 'aes192-sha256',
    AES256: 'aes256-sha256',
    GCMAES128: 'aes128gcm16',
    GCMAES192: 'aes192gcm16',
    GCMAES256: 'aes256gcm16',
  };
  test.each(CIPHER_TRANSFORMATIONS)('cipher %s', (cipher) =>
    expect(esp(cipher, cipher.startsWith('GCM') ? asGcm(cipher) : 'SHA256128')).toBe(
      `${CIPHERS[cipher]}-modp2048`,
    ),
  );

  const AUTHENTICATION: Partial<Record<AuthenticationTransformation, string>> = {
    MD596: 'md5',
    SHA196: 'sha1',
    SHA256128: 'sha256',
    SHA384192: 'sha384',
    SHA512256: 'sha512',
  };
  test.each(AUTHENTICATION_TRANSFORMATIONS)('authentication %s', (authentication) => {
    const keyword = AUTHENTICATION[authentication];
    if (keyword !== undefined)
      expect(esp('AES128', authentication)).toBe(`aes128-${keyword}-modp2048`);
    else expect(() => esp('AES128', authentication)).toThrow(/goes only with the cipher/);
  });

  const SECRECY: Record<PerfectForwardSecrecy, string> = {
    None: '',
    PFS1: '-modp768',
    PFS2: '-modp1024',
    PFS2048: '-modp2048',
    PFS24: '-modp2048s256',
    PFSMM: '-ecp384',
    ECP256: '-ecp256',
    ECP384: '-ecp384',
    ECP521: '-ecp521',
    Curve25519: '-curve25519',
  };
  test.each(PERFECT_FORWARD_SECRECY)('perfect forward secrecy %s', (perfectForwardSecrecy) =>
    expect(
      espProposal(
        { ...DEFAULT_QUICK_MODE, perfectForwardSecrecy },
        { ...DEFAULT_MAIN_MODE, diffieHellmanGroup: 'ECP384' },
      ),
    ).toBe(`aes256gcm16${SECRECY[perfectForwardSecrecy]}`),
  );

  test.each([
    ['GCMAES256', 'SHA256128'],
    ['GCMAES256', 'GCMAES128'],
    ['None', 'GCMAES256'],
  ] as const)('%s with %s is refused', (cipher, authentication) =>
    expect(() => esp(cipher, authentication)).toThrow(
      expect.objectContaining({
        code: 'unsupportedAlgorithm',
        message: expect.stringContaining('authenticationTransformationConstant') as string,
      }) as Error,
    ),
  );
});

function esp(cipher: CipherTransformation, authentication: AuthenticationTransformation): string {
  return espProposal(
    {
      ...DEFAULT_QUICK_MODE,
      cipherTransformationConstant: cipher,
      authenticationTransformationConstant: authentication,
    },
    DEFAULT_MAIN_MODE,
  );
}

function asGcm(cipher: CipherTransformation): AuthenticationTransformation {
  const found = AUTHENTICATION_TRANSFORMATIONS.find((name) => name === cipher);
  if (found === undefined) throw new Error(`${cipher} is no authentication`);
  return found;
}

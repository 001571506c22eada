import { expect, test } from 'vitest';
import { proposalProblem } from '../../../src/model/ipsec-consistency.js';
import { DEFAULT_MAIN_MODE, DEFAULT_QUICK_MODE } from '../../../src/model/ipsec.js';

test('the defaults go together, in both versions of IKE', () => {
  expect(proposalProblem(DEFAULT_MAIN_MODE, DEFAULT_QUICK_MODE)).toBeUndefined();
  expect(proposalProblem(DEFAULT_MAIN_MODE, DEFAULT_QUICK_MODE, 'l2tp')).toBeUndefined();
});

test('a GCM cipher authenticates by itself', () => {
  const quickMode = {
    ...DEFAULT_QUICK_MODE,
    authenticationTransformationConstant: 'SHA256128',
  } as const;
  expect(proposalProblem(DEFAULT_MAIN_MODE, quickMode)).toEqual({
    path: 'quickMode/authenticationTransformationConstant',
    message:
      'GCMAES256 authenticates by itself: SHA256128 does not go with it. Write GCMAES256 here too.',
  });
});

test('GCM authenticates nothing but itself', () => {
  const quickMode = { ...DEFAULT_QUICK_MODE, cipherTransformationConstant: 'AES256' } as const;
  expect(proposalProblem(DEFAULT_MAIN_MODE, quickMode)?.message).toMatch(
    /GCMAES256 goes only with the cipher GCMAES256, not with AES256/,
  );
});

test('what IKEv1 lacks is refused for L2TP alone', () => {
  const gcm = { ...DEFAULT_MAIN_MODE, encryptionAlgorithm: 'GCMAES256' } as const;
  expect(proposalProblem(gcm, DEFAULT_QUICK_MODE)).toBeUndefined();
  expect(proposalProblem(gcm, DEFAULT_QUICK_MODE, 'l2tp')?.path).toBe(
    'mainMode/encryptionAlgorithm',
  );
  const curve = { ...DEFAULT_MAIN_MODE, diffieHellmanGroup: 'Curve25519' } as const;
  expect(proposalProblem(curve, DEFAULT_QUICK_MODE)).toBeUndefined();
  expect(proposalProblem(curve, DEFAULT_QUICK_MODE, 'l2tp')?.path).toBe(
    'mainMode/diffieHellmanGroup',
  );
});

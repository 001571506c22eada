import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  AUTHENTICATION_TRANSFORMATIONS,
  CIPHER_TRANSFORMATIONS,
  DIFFIE_HELLMAN_GROUPS,
  ENCRYPTION_ALGORITHMS,
  INTEGRITY_ALGORITHMS,
  PERFECT_FORWARD_SECRECY,
} from '../../../../src/model/ipsec.js';
import { algorithmSupport } from '../../../../src/vpn/ike/support.js';
import type { ViciSection } from '../../../../src/vpn/vici/message.js';

/** The answer of a charon with the plugins of `strongswanConf`. */
const REPLY = JSON.parse(
  readFileSync(new URL('../../../fixtures/vici/get-algorithms.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Readonly<Record<string, string>>>>;

test('a charon with our plugins has all that the model names', () => {
  for (const dataPath of ['userSpace', 'kernel'] as const)
    expect(algorithmSupport(REPLY, dataPath)).toEqual({
      encryptionAlgorithms: ENCRYPTION_ALGORITHMS,
      integrityAlgorithms: INTEGRITY_ALGORITHMS,
      diffieHellmanGroups: DIFFIE_HELLMAN_GROUPS,
      cipherTransformations: CIPHER_TRANSFORMATIONS,
      authenticationTransformations: AUTHENTICATION_TRANSFORMATIONS,
      perfectForwardSecrecy: PERFECT_FORWARD_SECRECY,
    });
});

test('without DES there is none in IKE, nor in user space ESP', () => {
  const reply = without('DES_CBC');
  const userSpace = algorithmSupport(reply, 'userSpace');
  expect(userSpace.encryptionAlgorithms).not.toContain('DES');
  expect(userSpace.encryptionAlgorithms).toContain('DES3');
  expect(userSpace.cipherTransformations).not.toContain('DES');
  // The kernel has its own.
  const kernel = algorithmSupport(reply, 'kernel');
  expect(kernel.encryptionAlgorithms).not.toContain('DES');
  expect(kernel.cipherTransformations).toContain('DES');
});

test('integrity in IKE takes the pseudo-random function too, in ESP it does not', () => {
  const support = algorithmSupport(without('PRF_HMAC_SHA1'), 'userSpace');
  expect(support.integrityAlgorithms).not.toContain('SHA1');
  expect(support.authenticationTransformations).toContain('SHA196');
});

test('a group that is not there is missing in main mode and in forward secrecy', () => {
  const support = algorithmSupport(without('MODP_1024', 'CURVE_25519'), 'kernel');
  expect(support.diffieHellmanGroups).not.toContain('Group2');
  expect(support.perfectForwardSecrecy).not.toContain('PFS2');
  expect(support.perfectForwardSecrecy).not.toContain('Curve25519');
  expect(support.perfectForwardSecrecy).toEqual(
    expect.arrayContaining(['None', 'PFSMM', 'PFS2048']),
  );
});

test('a charon without anything has nothing', () => {
  expect(algorithmSupport({}, 'userSpace')).toEqual({
    encryptionAlgorithms: [],
    integrityAlgorithms: [],
    diffieHellmanGroups: [],
    cipherTransformations: [],
    authenticationTransformations: [],
    perfectForwardSecrecy: ['None', 'PFSMM'],
  });
});

function without(...names: readonly string[]): ViciSection {
  return Object.fromEntries(
    Object.entries(REPLY).map(([kind, algorithms]) => [
      kind,
      Object.fromEntries(Object.entries(algorithms).filter(([name]) => !names.includes(name))),
    ]),
  );
}

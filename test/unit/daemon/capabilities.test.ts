import { expect, it } from 'vitest';
import { capabilitiesOf } from '../../../src/daemon/capabilities.js';
import type { VpnSupport } from '../../../src/model/vpn-support.js';
import { ENVIRONMENT } from '../../support/policy-of.js';

const LIMITS = { virtualSubnets: 1, lookupRecords: 2, customerRoutes: 3, providerPeers: 4 };

const ALL = [
  'networkNamespaces',
  'vethPairs',
  'ipv4',
  'ipv6',
  'addressTranslation',
  'addressTranslationIpv6',
].map((name) => ({ name, available: true }));

const VPN: VpnSupport = {
  unavailable: {},
  authenticationMethods: ['psk', 'certificate', 'mschapv2'],
  encryptionAlgorithms: ['DES3', 'AES128', 'AES256'],
  integrityAlgorithms: ['MD5', 'SHA1', 'SHA256'],
  diffieHellmanGroups: ['Group2', 'Group14', 'Curve25519'],
  cipherTransformations: ['None', 'DES3', 'GCMAES256'],
  authenticationTransformations: ['SHA196', 'SHA256128', 'GCMAES256'],
  perfectForwardSecrecy: ['None', 'PFS1', 'PFS2048', 'PFSMM'],
  dataPath: 'userSpace',
  allowInsecure: false,
};

const NO_VPN: VpnSupport = {
  unavailable: { ikev2: 'No charon.', l2tp: 'No charon.', pptp: 'The kernel lacks PPP.' },
  authenticationMethods: [],
  encryptionAlgorithms: [],
  integrityAlgorithms: [],
  diffieHellmanGroups: [],
  cipherTransformations: [],
  authenticationTransformations: [],
  perfectForwardSecrecy: [],
  allowInsecure: false,
};

it('offers what the kernel has', () => {
  const found = capabilitiesOf(ALL, ENVIRONMENT, LIMITS, NO_VPN);
  expect(found).toMatchObject({
    connectionTypes: ['routed', 'nat'],
    vpnProtocols: [],
    vsidRange: { min: 4097, max: 16_777_214 },
    innerMtu: 1458,
    addressFamilies: ['ipv4', 'ipv6'],
    limits: LIMITS,
    ipsecDataPath: null,
  });
  expect(found.unavailable).toEqual([
    { feature: 'ikev2', reason: 'No charon.' },
    { feature: 'l2tp', reason: 'No charon.' },
    { feature: 'pptp', reason: 'The kernel lacks PPP.' },
  ]);
});

it('says what the kernel lacks, and why', () => {
  const probes = ALL.map((probe) =>
    probe.name === 'addressTranslation'
      ? { ...probe, available: false, reason: 'nft: Operation not supported' }
      : probe,
  );
  const found = capabilitiesOf(probes, ENVIRONMENT, LIMITS, NO_VPN);
  expect(found.connectionTypes).toEqual(['routed']);
  expect(found.unavailable).toContainEqual({
    feature: 'addressTranslation',
    reason: 'nft: Operation not supported',
  });
});

it('leaves out an address family that the kernel does not have', () => {
  const probes = ALL.map((probe) => ({ ...probe, available: probe.name !== 'ipv6' }));
  expect(capabilitiesOf(probes, ENVIRONMENT, LIMITS, NO_VPN).addressFamilies).toEqual(['ipv4']);
});

it('lists what is weak apart, and nowhere else', () => {
  expect(capabilitiesOf(ALL, ENVIRONMENT, LIMITS, VPN)).toMatchObject({
    connectionTypes: ['routed', 'nat', 'ikev2', 'l2tp'],
    vpnProtocols: ['ikev2', 'l2tp'],
    authenticationMethods: ['psk', 'certificate', 'mschapv2'],
    encryptionAlgorithms: ['AES128', 'AES256'],
    integrityAlgorithms: ['SHA256'],
    diffieHellmanGroups: ['Group14', 'Curve25519'],
    cipherTransformations: ['GCMAES256'],
    authenticationTransformations: ['SHA256128', 'GCMAES256'],
    perfectForwardSecrecy: ['None', 'PFS2048', 'PFSMM'],
    ipsecDataPath: 'userSpace',
    insecure: {
      allowed: false,
      vpnProtocols: ['pptp'],
      encryptionAlgorithms: ['DES3'],
      integrityAlgorithms: ['MD5', 'SHA1'],
      diffieHellmanGroups: ['Group2'],
      cipherTransformations: ['None', 'DES3'],
      authenticationTransformations: ['SHA196'],
      perfectForwardSecrecy: ['PFS1'],
    },
    unavailable: [],
  });
});

it('offers weak connections where they are allowed', () => {
  const found = capabilitiesOf(ALL, ENVIRONMENT, LIMITS, { ...VPN, allowInsecure: true });
  expect(found.connectionTypes).toEqual(['routed', 'nat', 'ikev2', 'l2tp', 'pptp']);
  expect(found.vpnProtocols).toEqual(['ikev2', 'l2tp']);
  expect(found.insecure).toMatchObject({ allowed: true, vpnProtocols: ['pptp'] });
});

it('names a protocol once: as unavailable where the system cannot do it', () => {
  const found = capabilitiesOf(ALL, ENVIRONMENT, LIMITS, {
    ...VPN,
    allowInsecure: true,
    unavailable: { l2tp: 'The kernel lacks L2TP.', pptp: 'The kernel lacks PPP.' },
  });
  expect(found.connectionTypes).toEqual(['routed', 'nat', 'ikev2']);
  expect(found.insecure.vpnProtocols).toEqual([]);
  expect(found.unavailable).toContainEqual({ feature: 'l2tp', reason: 'The kernel lacks L2TP.' });
});

import { expect, it } from 'vitest';
import { capabilitiesOf } from '../../../src/daemon/capabilities.js';
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

it('offers what the kernel has', () => {
  const found = capabilitiesOf(ALL, ENVIRONMENT, LIMITS);
  expect(found).toMatchObject({
    connectionTypes: ['routed', 'nat'],
    vsidRange: { min: 4097, max: 16_777_214 },
    innerMtu: 1458,
    addressFamilies: ['ipv4', 'ipv6'],
    limits: LIMITS,
    ipsecDataPath: null,
  });
  expect(found.unavailable.map(({ feature }) => feature)).toEqual(['ikev2', 'l2tp', 'pptp']);
});

it('says what the kernel lacks, and why', () => {
  const probes = ALL.map((probe) =>
    probe.name === 'addressTranslation'
      ? { ...probe, available: false, reason: 'nft: Operation not supported' }
      : probe,
  );
  const found = capabilitiesOf(probes, ENVIRONMENT, LIMITS);
  expect(found.connectionTypes).toEqual(['routed']);
  expect(found.unavailable).toContainEqual({
    feature: 'addressTranslation',
    reason: 'nft: Operation not supported',
  });
});

it('leaves out an address family that the kernel does not have', () => {
  const probes = ALL.map((probe) => ({ ...probe, available: probe.name !== 'ipv6' }));
  expect(capabilitiesOf(probes, ENVIRONMENT, LIMITS).addressFamilies).toEqual(['ipv4']);
});

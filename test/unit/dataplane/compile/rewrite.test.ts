import { expect, it } from 'vitest';
import { compile } from '../../../../src/dataplane/compile/compile.js';
import { linesOf } from '../../../support/kernel-state.js';
import { BLUE, ENVIRONMENT, policyOf } from '../../../support/policy-of.js';

function compiled(...records: (readonly [ca: string, pa: string, type?: 'gatewayWildcard'])[]) {
  const policy = policyOf({
    providerAddresses: [{ address: '10.1.1.40', prefixLength: 24, interface: 'underlay' }],
    routingDomains: [
      {
        id: BLUE,
        virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24', 'fd00:1::/64'] }],
        lookupRecords: records.map(([customerAddress, providerAddress, type]) => ({
          ...{ vsid: 5001, customerAddress, providerAddress },
          ...(type && { type }),
          ...{ macAddress: '00-15-5D-00-00-01', rule: 'nat' as const },
        })),
      },
    ],
  });
  return linesOf(compile(policy, ENVIRONMENT, 'all'), 'lookupRecord', 'rewrite');
}

it('a record of rule nat is known by its customer address and by its provider address (N13)', () => {
  expect(compiled(['192.168.1.10', '10.1.1.61'], ['192.168.1.250', '10.1.1.40'])).toEqual([
    'lookupRecord blue 192.168.1.1 vsid 5001 02-4E-56-00-13-89 local',
    'lookupRecord blue 192.168.1.10 vsid 5001 00-15-5D-00-00-01 at 10.1.1.61 nat onLink',
    'lookupRecord blue 192.168.1.250 vsid 5001 00-15-5D-00-00-01 local at 10.1.1.40 nat',
    'lookupRecord blue fd00:1::1 vsid 5001 02-4E-56-00-13-89 local',
    'rewrite 10.1.1.40 blue 192.168.1.250 vsid 5001 local',
    'rewrite 10.1.1.61 blue 192.168.1.10 vsid 5001',
  ]);
});

it('a distributed gateway, a wildcard and an IPv6 address have no PA that stands for them alone', () => {
  expect(
    compiled(
      ['192.168.1.1', '169.254.254.254'],
      ['0.0.0.0', '10.1.1.62', 'gatewayWildcard'],
      ['fd00:1::10', '10.1.1.61'],
    ).filter((line) => line.includes('nat') || line.startsWith('rewrite')),
  ).toEqual([]);
});

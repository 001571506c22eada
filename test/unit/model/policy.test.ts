import { expect, it } from 'vitest';
import { ownProviderAddress } from '../../../src/model/policy.js';
import { formatIp } from '../../../src/net/ip.js';
import { BLUE, policyOf } from '../../support/policy-of.js';

const TWO_ADDRESSES = [
  { address: '10.1.1.40', prefixLength: 24 },
  { address: '10.1.1.41', prefixLength: 24 },
];

function ownAddress(
  records: { customerAddress: string; providerAddress: string }[],
  named?: string,
): string | undefined {
  const policy = policyOf({
    providerAddresses: TWO_ADDRESSES,
    routingDomains: [
      {
        id: BLUE,
        ...(named === undefined ? {} : { providerAddress: named }),
        virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24'] }],
        lookupRecords: records.map((record) => ({
          vsid: 5001,
          macAddress: '00-15-5D-01-14-04',
          ...record,
        })),
      },
    ],
  });
  const domain = policy.routingDomains.get(BLUE);
  const own = domain === undefined ? undefined : ownProviderAddress(policy, domain);
  return own === undefined ? undefined : formatIp(own);
}

it('a routing domain’s PA is the one it names, else its own records’, else the first', () => {
  const remote = { customerAddress: '192.168.1.101', providerAddress: '10.1.1.20' };
  const own = { customerAddress: '192.168.1.250', providerAddress: '10.1.1.41' };
  expect(ownAddress([remote, own], '10.1.1.40')).toBe('10.1.1.40');
  expect(ownAddress([remote, own])).toBe('10.1.1.41');
  expect(ownAddress([remote])).toBe('10.1.1.40');
});

it('there is none while the gateway has none', () => {
  const policy = policyOf({ routingDomains: [{ id: BLUE }] });
  const domain = policy.routingDomains.get(BLUE);
  expect(domain === undefined ? 'no domain' : ownProviderAddress(policy, domain)).toBeUndefined();
});

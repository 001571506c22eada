import { describe, expect, test } from 'vitest';
import type { RoutingDomain } from '../../../../src/model/routing-domain.js';
import { formatIp } from '../../../../src/net/ip.js';
import { formatMac } from '../../../../src/net/mac.js';
import { formatPrefix } from '../../../../src/net/prefix.js';
import {
  importPowerShell,
  type ImportResult,
} from '../../../../src/policy/import-powershell/index.js';

const GREEN = '{A0A0A0A0-1111-4222-8333-000000007001}';
const BROWN = '{B0B0B0B0-1111-4222-8333-000000008001}';

function route(vsid: number, prefix: string, nextHop = '0.0.0.0', domain = GREEN): string {
  return `New-NetVirtualizationCustomerRoute -RoutingDomainID "${domain}" -VirtualSubnetID ${vsid} -DestinationPrefix ${prefix} -NextHop ${nextHop}`;
}

function record(vsid: number, ca: string, pa: string, mac = '0015AA000111', more = ''): string {
  return `New-NetVirtualizationLookupRecord -VirtualSubnetID ${vsid} -CustomerAddress ${ca} -ProviderAddress ${pa} -MACAddress ${mac} -Rule TranslationMethodEncap ${more}`;
}

function importLines(...lines: string[]): ImportResult & { readonly domains: RoutingDomain[] } {
  const result = importPowerShell(lines.join('\n'));
  return { ...result, domains: [...result.policy.routingDomains.values()] };
}

function prefixesOf(domain: RoutingDomain | undefined): string[][] {
  return [...(domain?.virtualSubnets.values() ?? [])].map((subnet) =>
    subnet.prefixes.map(formatPrefix),
  );
}

describe('the prefixes of a virtual subnet', () => {
  test('are what is on link, without default, broadcast and multicast', () => {
    const { domains, problems } = importLines(
      route(7001, '10.80.1.0/24'),
      route(7001, '10.80.9.0/25'),
      route(7001, '2001:db8:1::/64', '::'),
      route(7001, '0.0.0.0/0'),
      route(7001, '::/0', '2001:db8:1::fe'),
      route(7001, '10.80.1.255/32'),
      route(7001, '255.255.255.255/32'),
      route(7001, '224.0.0.0/4'),
      route(7001, '10.90.0.0/16', '10.80.1.250'),
    );
    expect(problems).toEqual([]);
    expect(prefixesOf(domains[0])).toEqual([['10.80.1.0/24', '10.80.9.0/25', '2001:db8:1::/64']]);
    expect(domains[0]?.customerRoutes.size).toBe(9);
  });

  test('do not come from multicast routes', () => {
    const { domains } = importLines(
      route(7001, '10.80.1.0/24'),
      route(7001, '10.80.1.255/32', '239.0.1.1'),
      route(7001, '224.0.0.0/4', '239.0.1.1'),
    );
    expect(prefixesOf(domains[0])).toEqual([['10.80.1.0/24']]);
    expect(domains[0]?.customerRoutes.size).toBe(3);
  });

  test('have to be there', () => {
    const { problems } = importLines('', route(7001, '0.0.0.0/0', '10.80.1.250'));
    expect(problems).toMatchObject([{ line: 2, code: 'missingField' }]);
  });
});

describe('routing domains', () => {
  test('hold equal addresses side by side', () => {
    const { domains, problems } = importLines(
      route(7001, '10.80.1.0/24'),
      route(8001, '10.80.1.0/24', '0.0.0.0', BROWN),
      record(7001, '10.80.1.11', '172.20.5.11'),
      record(8001, '10.80.1.11', '172.20.5.12'),
    );
    expect(problems).toEqual([]);
    expect(domains.map((domain) => [domain.head.id, domain.lookupRecords.size])).toEqual([
      ['a0a0a0a0-1111-4222-8333-000000007001', 1],
      ['b0b0b0b0-1111-4222-8333-000000008001', 1],
    ]);
  });

  test('do not share a VSID', () => {
    const { domains, problems } = importLines(
      route(7001, '10.80.1.0/24'),
      route(7001, '10.80.2.0/24', '0.0.0.0', BROWN),
    );
    expect(problems).toMatchObject([{ line: 2, code: 'vsidInUse' }]);
    expect(problems[0]?.message).toContain('Lines 1 and 2');
    expect(domains).toHaveLength(1);
  });
});

describe('lookup records', () => {
  const on = route(7001, '10.80.1.0/24');

  test('that are repeated are one', () => {
    const { domains, problems } = importLines(
      on,
      record(7001, '10.80.1.11', '172.20.5.11'),
      record(7001, '10.80.1.11', '172.20.5.11', '00-15-aa-00-01-11', '-CimSession rack-a-02'),
    );
    expect(problems).toEqual([]);
    expect(domains[0]?.lookupRecords.size).toBe(1);
  });

  test.each([
    ['PA', record(7001, '10.80.1.11', '172.20.5.12')],
    ['MAC', record(7001, '10.80.1.11', '172.20.5.11', '0015AA000112')],
    ['type', record(7001, '10.80.1.11', '172.20.5.11', '0015AA000111', '-Type Dynamic')],
  ])('that contradict each other in %s are a problem of both lines', (_what, other) => {
    const { domains, problems } = importLines(on, record(7001, '10.80.1.11', '172.20.5.11'), other);
    expect(problems).toMatchObject([{ line: 3, code: 'duplicate' }]);
    expect(problems[0]?.message).toContain('Lines 2 and 3');
    const [kept] = domains[0]?.lookupRecords.values() ?? [];
    expect(kept && formatIp(kept.providerAddress)).toBe('172.20.5.11');
  });

  test('may differ in the name of the VM', () => {
    const { domains, notes, problems } = importLines(
      on,
      record(7001, '10.80.1.11', '172.20.5.11'),
      record(7001, '10.80.1.11', '172.20.5.11', '0015AA000111', '-VMName green-01'),
      record(7001, '10.80.1.11', '172.20.5.11', '0015AA000111', '-VMName green-1'),
    );
    expect(problems).toEqual([]);
    expect(notes).toContainEqual({ line: 4, message: expect.stringContaining('line 3') as string });
    const [kept] = domains[0]?.lookupRecords.values() ?? [];
    expect(kept?.vmName).toBe('green-01');
  });

  test('need a customer route for their VSID', () => {
    const { problems } = importLines(on, record(7002, '10.80.2.11', '172.20.5.11'));
    expect(problems).toMatchObject([{ line: 2, code: 'unknownVirtualSubnet' }]);
  });

  test('are not blamed for a customer route that could not be read', () => {
    const { problems } = importLines(
      route(7002, '10.80.2.0/240'),
      record(7002, '10.80.2.11', '172.20.5.11'),
    );
    expect(problems).toMatchObject([{ line: 1, code: 'invalidPrefix' }]);
  });

  test('with a link-local PA are the gateway of their subnet, and stay records', () => {
    const { domains, notes } = importLines(
      on,
      record(7001, '10.80.1.11', '172.20.5.11'),
      record(7001, '10.80.1.254', '169.254.10.254', '0A0A0A0A0A01'),
      record(7001, '10.80.1.253', '169.254.10.254', '0A0A0A0A0A02'),
    );
    const gateway = domains[0]?.virtualSubnets.values().next().value?.gateway;
    expect(gateway?.address && formatIp(gateway.address)).toBe('10.80.1.254');
    expect(gateway?.macAddress && formatMac(gateway.macAddress)).toBe('0A-0A-0A-0A-0A-01');
    expect(domains[0]?.lookupRecords.size).toBe(3);
    expect(notes).toContainEqual({ line: 4, message: expect.stringContaining('line 3') as string });
  });
});

test('customer routes that contradict each other in metric are a problem of both lines', () => {
  const { domains, problems } = importLines(
    `${route(7001, '10.80.1.0/24')} -Metric 255`,
    `${route(7001, '10.80.1.0/24')} -Metric 254`,
    `${route(7001, '10.90.0.0/16', '10.80.1.1')} -Metric 5`,
    `${route(7001, '10.90.0.0/16', '10.80.1.2')} -Metric 6`,
  );
  expect(problems).toMatchObject([{ line: 2, code: 'duplicate' }]);
  expect([...(domains[0]?.customerRoutes.values() ?? [])].map(({ metric }) => metric)).toEqual([
    255, 5, 6,
  ]);
});

import { describe, expect, test } from 'vitest';
import { formatIp } from '../../../../src/net/ip.js';
import { formatMac } from '../../../../src/net/mac.js';
import { importPowerShell } from '../../../../src/policy/import-powershell/index.js';

const ROUTES = [
  'New-NetVirtualizationCustomerRoute -RoutingDomainID a0a0a0a0-1111-4222-8333-000000007001 -VirtualSubnetID 7001 -DestinationPrefix 10.80.1.0/24 -NextHop 0.0.0.0',
  'New-NetVirtualizationCustomerRoute -RoutingDomainID {A0A0A0A0-1111-4222-8333-000000007001} -VirtualSubnetID 7001 -DestinationPrefix 2001:db8:1::/64 -NextHop ::',
].join('\n');

function importRecord(
  changes: Readonly<Record<string, string | undefined>>,
): ReturnType<typeof importPowerShell> {
  const values: Record<string, string | undefined> = {
    VirtualSubnetID: '7001',
    CustomerAddress: '10.80.1.11',
    ProviderAddress: '172.20.5.11',
    MACAddress: '0015AA000111',
    Rule: 'TranslationMethodEncap',
    ...changes,
  };
  const parameters = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`-${name} ${value}`],
  );
  return importPowerShell(`${ROUTES}\nNew-NetVirtualizationLookupRecord ${parameters.join(' ')}`);
}

describe('a lookup record', () => {
  test.each([
    ['as a number', { VirtualSubnetID: '7001' }, { vsid: 7001 }],
    ['quoted', { VirtualSubnetID: '"7001"' }, { vsid: 7001 }],
    ['in full width digits', { VirtualSubnetID: "'７００１'" }, { vsid: 7001 }],
    ['encap', { Rule: 'translationmethodencap' }, { rule: 'encap' }],
    ['nat', { Rule: '"TranslationMethodNAT"' }, { rule: 'nat' }],
    ['static by default', {}, { type: 'static' }],
    ['dynamic', { Type: 'Dynamic' }, { type: 'dynamic' }],
    ['l2only', { Type: 'L2Only' }, { type: 'l2only' }],
    ['gatewayWildcard', { Type: 'GatewayWildcard' }, { type: 'gatewayWildcard' }],
    ['0.0.0.0', { CustomerAddress: '0.0.0.0' }, { type: 'gatewayWildcard' }],
    ['::', { CustomerAddress: '"::"', Type: 'Static' }, { type: 'gatewayWildcard' }],
    ['a name', { VMName: '"緑 01"' }, { vmName: '緑 01' }],
  ])('%s', (_what, changes, expected) => {
    const { policy, problems } = importRecord(changes);
    expect(problems).toEqual([]);
    const records = [...policy.routingDomains.values()].flatMap((d) => [
      ...d.lookupRecords.values(),
    ]);
    expect(records).toMatchObject([expected]);
  });

  test.each(['0015AA000111', '"00-15-aa-00-01-11"', '00:15:AA:00:01:11'])('MAC %s', (text) => {
    const [domain] = importRecord({ MACAddress: text }).policy.routingDomains.values();
    const [record] = domain?.lookupRecords.values() ?? [];
    expect(record && formatMac(record.macAddress)).toBe('00-15-AA-00-01-11');
  });

  test('IPv6', () => {
    const [domain] = importRecord({
      CustomerAddress: '2001:db8:1::11',
    }).policy.routingDomains.values();
    const [record] = domain?.lookupRecords.values() ?? [];
    expect(record && formatIp(record.customerAddress)).toBe('2001:db8:1::11');
  });

  test.each([
    ['invalidVsid', { VirtualSubnetID: '4096' }],
    ['invalidVsid', { VirtualSubnetID: '"16777215"' }],
    ['invalidVsid', { VirtualSubnetID: 'green' }],
    ['invalidAddress', { CustomerAddress: '10.80.1' }],
    ['invalidAddress', { ProviderAddress: '2001:db8::1' }],
    ['invalidMacAddress', { MACAddress: '0015AA00011' }],
    ['invalidValue', { Rule: 'TranslationMethodNone' }],
    ['invalidValue', { Rule: 'constructor' }],
    ['invalidValue', { Type: '7' }],
    ['invalidValue', { MACAddress: '$mac' }],
    ['invalidValue', { MACAddress: '0015AA000111,0015AA000112' }],
    ['invalidValue', { Rule: '' }],
    ['missingField', { Rule: undefined }],
    ['missingField', { MACAddress: undefined }],
  ])('%s: %o', (code, changes) => {
    const { policy, problems } = importRecord(changes);
    expect(problems).toMatchObject([{ line: 3, code }]);
    const [domain] = policy.routingDomains.values();
    expect(domain?.lookupRecords.size).toBe(0);
  });

  test('every fault of a command is named at once', () => {
    const { problems } = importRecord({ VirtualSubnetID: '1', CustomerAddress: 'x', Rule: 'y' });
    expect(problems.map(({ code }) => code)).toEqual([
      'invalidVsid',
      'invalidAddress',
      'invalidValue',
    ]);
  });
});

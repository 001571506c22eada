import { describe, expect, test } from 'vitest';
import { formatIp } from '../../../../src/net/ip.js';
import { importPowerShell } from '../../../../src/policy/import-powershell/index.js';
import { errorsOf, GATEWAY, readFixture } from './fixture.js';

function importFixture(name: string): ReturnType<typeof importPowerShell> {
  return importPowerShell(readFixture(name), { gatewayProviderAddress: GATEWAY });
}

describe('importPowerShell', () => {
  test('two hosts: records repeated per host are one', () => {
    const { policy, problems } = importFixture('two-hosts.ps1');
    expect(problems).toEqual([]);
    const [domain] = policy.routingDomains.values();
    expect(domain?.lookupRecords.size).toBe(2);
    expect(domain?.customerRoutes.size).toBe(1);
    expect([...policy.providerAddresses.keys()].map(formatIp)).toEqual(['172.20.5.40']);
  });

  test('a software router: six records, three routes, two gateways', () => {
    const { policy, notes, problems } = importFixture('software-router.ps1');
    expect(problems).toEqual([]);
    expect(notes.map(({ line }) => line)).toEqual([13, 14]);
    const [domain] = policy.routingDomains.values();
    const records = [...(domain?.lookupRecords.values() ?? [])];
    expect(
      records.map((r) => [r.vsid, formatIp(r.customerAddress), r.rule, r.type, r.vmName]),
    ).toEqual([
      [7001, '10.80.1.11', 'encap', 'static', 'green-01'],
      [7001, '10.80.1.12', 'nat', 'static', 'green-02'],
      [7001, '10.80.1.1', 'encap', 'static', 'green-gw-1'],
      [7002, '10.80.2.200', 'encap', 'static', 'green-router'],
      [7002, '0.0.0.0', 'encap', 'gatewayWildcard', 'green-any'],
      [7002, '10.80.2.1', 'encap', 'static', 'green-gw-2'],
    ]);
    expect([...(domain?.customerRoutes.values() ?? [])].map((r) => formatIp(r.nextHop))).toEqual([
      '0.0.0.0',
      '0.0.0.0',
      '10.80.2.200',
    ]);
  });

  test.each(['software-router-slides.txt', 'software-router-scripted.ps1'])(
    '%s says the same as software-router.ps1',
    (name) => {
      const { policy, problems } = importFixture(name);
      expect(problems).toEqual([]);
      expect(policy).toEqual(importFixture('software-router.ps1').policy);
    },
  );

  test.each(['two-hosts.ps1', 'software-router.ps1'])('%s is a valid policy', (name) => {
    expect(errorsOf(importFixture(name).policy)).toEqual([]);
  });

  test('a page of slides: what is no command is noted with its line', () => {
    const { notes } = importFixture('software-router-slides.txt');
    const lines = readFixture('software-router-slides.txt').split('\n');
    const noted = new Set(notes.map(({ line }) => line));
    for (const [index, line] of lines.entries())
      if (/[^ -~“”–¥\f]/.test(line) || /^\d+$/.test(line))
        expect(noted, `line ${index + 1}: ${line}`).toContain(index + 1);
  });

  test('faults are named with their lines, all of them', () => {
    const { problems, notes } = importFixture('faults.ps1');
    expect(problems.map(({ line, code }) => `${line} ${code}`)).toEqual([
      '1 missingField',
      '2 invalidVsid',
      '3 vsidInUse',
      '4 invalidVsid',
      '6 duplicate',
      '7 unknownVirtualSubnet',
      '8 invalidAddress',
      '8 invalidMacAddress',
      '8 invalidValue',
      '9 invalidValue',
      '9 missingField',
      '10 invalidRoutingDomainId',
      '10 invalidPrefix',
      '10 invalidValue',
      '11 unknownField',
      '11 invalidValue',
    ]);
    expect(notes).toMatchObject([{ line: 12 }]);
  });

  test('nothing is an empty policy', () => {
    const { policy, notes, problems } = importPowerShell('');
    expect(policy.routingDomains.size).toBe(0);
    expect(notes).toMatchObject([{ line: 1 }]);
    expect(problems).toEqual([]);
  });
});

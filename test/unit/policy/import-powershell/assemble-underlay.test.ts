import { describe, expect, test } from 'vitest';
import { formatIp } from '../../../../src/net/ip.js';
import { formatPrefix } from '../../../../src/net/prefix.js';
import { importPowerShell } from '../../../../src/policy/import-powershell/index.js';
import { GATEWAY } from './fixture.js';

function address(pa: string, length: number | string): string {
  return `New-NetVirtualizationProviderAddress -ProviderAddress ${pa} -PrefixLength ${length} -InterfaceIndex $nic.Index`;
}

function route(prefix: string, nextHop: string): string {
  return `New-NetVirtualizationProviderRoute -InterfaceIndex 5 -DestinationPrefix ${prefix} -NextHop ${nextHop}`;
}

function importFor(
  gateway: boolean,
  ...lines: string[]
): {
  addresses: string[];
  routes: string[];
  notes: readonly string[];
  problems: readonly string[];
} {
  const { policy, notes, problems } = importPowerShell(
    lines.join('\n'),
    gateway ? { gatewayProviderAddress: GATEWAY, interfaceName: 'core' } : {},
  );
  return {
    addresses: [...policy.providerAddresses.values()].map(
      (own) => `${formatIp(own.address)}/${own.prefixLength} on ${own.interface}`,
    ),
    routes: [...policy.providerRoutes.values()].map(
      (own) => `${formatPrefix(own.destinationPrefix)} via ${formatIp(own.nextHop)} ${own.metric}`,
    ),
    notes: notes.map(({ line, message }) => `${line}: ${message}`),
    problems: problems.map(({ line, code }) => `${line}: ${code}`),
  };
}

describe('the gateway’s provider address', () => {
  test('is the one that was named; others are noted', () => {
    const result = importFor(true, address('172.20.5.11', 24), address('172.20.5.40', 26));
    expect(result.addresses).toEqual(['172.20.5.40/26 on core']);
    expect(result.problems).toEqual([]);
    expect(result.notes).toEqual(['1: Skipped 172.20.5.11: provider address of another host.']);
  });

  test('has the prefix length of the others when the script does not give it to a host', () => {
    const result = importFor(true, address('172.20.5.11', 25), address('172.20.5.12', 25));
    expect(result.addresses).toEqual(['172.20.5.40/25 on core']);
    expect(result.problems).toEqual([]);
  });

  test.each([
    ['they disagree', [address('172.20.5.11', 24), address('172.20.5.12', 25)]],
    ['there are none', ['']],
  ])('has no prefix length when %s', (_when, lines) => {
    const result = importFor(true, ...lines);
    expect(result.addresses).toEqual([]);
    expect(result.problems).toEqual(['1: missingField']);
  });

  test('has one prefix length', () => {
    const result = importFor(true, address('172.20.5.40', 24), address('172.20.5.40', 25));
    expect(result.addresses).toEqual(['172.20.5.40/24 on core']);
    expect(result.problems).toEqual(['2: duplicate']);
  });

  test('has a prefix length that exists', () => {
    const result = importFor(true, address('172.20.5.40', 33));
    expect(result.problems).toContain('1: invalidValue');
  });

  test('is not guessed; a note says how to name it', () => {
    const result = importFor(
      false,
      '',
      address('172.20.5.40', 24),
      route('0.0.0.0/0', '172.20.5.1'),
    );
    expect(result.addresses).toEqual([]);
    expect(result.routes).toEqual([]);
    expect(result.problems).toEqual([]);
    expect(result.notes[0]).toMatch(/^2: .*--gateway-pa/);
    expect(result.notes).toHaveLength(3);
  });
});

test('provider routes are the gateway’s when it reaches their next hop', () => {
  const result = importFor(
    true,
    address('172.20.5.40', 24),
    route('0.0.0.0/0', '172.20.5.1'),
    route('0.0.0.0/0', '172.20.5.1'),
    `${route('172.21.0.0/16', '172.20.5.2')} -Metric 7`,
    route('0.0.0.0/0', '172.20.6.1'),
  );
  expect(result.routes).toEqual(['0.0.0.0/0 via 172.20.5.1 0', '172.21.0.0/16 via 172.20.5.2 7']);
  expect(result.notes).toEqual([expect.stringMatching(/^5: Skipped the provider route/) as string]);
  expect(result.problems).toEqual([]);
});

import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../../src/errors.js';
import { validatePolicy } from '../../../../src/policy/validate/index.js';
import { expectErrors } from '../../../support/findings.js';
import {
  addProviderAddress,
  addProviderRoute,
  blueAndRed,
  ENVIRONMENT,
  providerAddress,
  providerRoute,
} from '../../../support/policy-builder.js';

describe('provider addresses', () => {
  it('two in one subnet are fine', () => {
    const { policy } = blueAndRed();
    addProviderAddress(policy, providerAddress('10.1.1.41'));
    expectErrors(policy, []);
  });

  it.each([
    '224.0.0.1',
    '255.255.255.255',
    '127.0.0.1',
    '0.0.0.0',
    '169.254.0.1',
    '10.2.0.0',
    '10.2.0.255',
    '10.1.1.1',
  ])('%s is none', (address) => {
    const { policy } = blueAndRed();
    const bad = addProviderAddress(policy, providerAddress(address));
    expectErrors(policy, [[bad, 'address', 'invalidProviderAddress']]);
  });

  it('the device is configured', () => {
    const { policy } = blueAndRed();
    const bad = addProviderAddress(policy, providerAddress('10.2.0.1', 24, 'external'));
    expectErrors(policy, [[bad, 'interface', 'unknownInterface']]);
  });
});

describe('provider routes', () => {
  const refused: [string, string, string, string, ErrorCode][] = [
    ['no link leads there', '10.7.0.0/16', '10.9.9.9', 'nextHop', 'unreachableNextHop'],
    ['not a router', '10.7.0.0/16', '0.0.0.0', 'nextHop', 'unreachableNextHop'],
    ['not IPv4', '2001:db8::/32', '10.1.1.1', 'destinationPrefix', 'invalidPrefix'],
    ['same destination and metric', '0.0.0.0/0', '10.1.1.2', '', 'duplicate'],
  ];
  it.each(refused)('%s', (_, destination, nextHop, field, code) => {
    const { policy } = blueAndRed();
    const bad = addProviderRoute(policy, providerRoute(destination, nextHop));
    expectErrors(policy, [[bad, field, code]]);
  });

  it('two metrics for one destination are fine', () => {
    const { policy } = blueAndRed();
    addProviderRoute(policy, providerRoute('0.0.0.0/0', '10.1.1.2', 10));
    expectErrors(policy, []);
  });
});

describe('limits', () => {
  it.each([
    ['virtualSubnets', 4],
    ['lookupRecords', 4],
    ['customerRoutes', 4],
    ['providerPeers', 4],
  ] as const)('%s', (kind, count) => {
    const { policy } = blueAndRed();
    const limits = { ...ENVIRONMENT.limits, [kind]: count };
    expectErrors(policy, [], { ...ENVIRONMENT, limits });
    limits[kind] = count - 1;
    expectErrors(policy, [[policy, '', 'limitExceeded']], { ...ENVIRONMENT, limits });
    const [error] = validatePolicy(policy, { ...ENVIRONMENT, limits }).errors;
    expect(error?.message).toContain(`limits.${kind}`);
  });
});

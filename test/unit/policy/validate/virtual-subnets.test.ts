import { describe, expect, it } from 'vitest';
import { validatePolicy } from '../../../../src/policy/validate/index.js';
import { expectErrors } from '../../../support/findings.js';
import {
  addDomain,
  addProviderAddress,
  addSubnet,
  BLUE,
  blueAndRed,
  ENVIRONMENT,
  providerAddress,
  RED,
  subnet,
} from '../../../support/policy-builder.js';
import { RoutingDomainId } from '../../../../src/model/routing-domain-id.js';

describe('virtual subnets', () => {
  it('two tenants with equal prefixes and addresses are fine', () => {
    expect(validatePolicy(blueAndRed().policy, ENVIRONMENT)).toMatchObject({
      errors: [],
      warnings: [],
    });
  });

  it('several prefixes, IPv6 and a gateway of its own are fine', () => {
    const { policy, blue } = blueAndRed();
    addSubnet(
      blue,
      subnet(5003, ['192.168.3.0/24', '2001:db8:3::/64'], {
        address: '192.168.3.254',
        mac: '02-00-00-00-00-01',
      }),
    );
    expectErrors(policy, []);
  });

  it.each(['192.168.2.0/25', '192.168.2.0/24', '192.168.0.0/16'])(
    '%s overlaps 192.168.2.0/24 of the same routing domain',
    (prefix) => {
      const { policy, blue } = blueAndRed();
      addSubnet(blue, subnet(5009, ['10.9.0.0/16', prefix]));
      const { errors } = validatePolicy(policy, ENVIRONMENT);
      const codes = new Set(errors.map(({ code }) => code));
      expect(codes).toEqual(new Set(['overlappingPrefix']));
    },
  );

  it('names the prefix that overlaps', () => {
    const { policy, blue } = blueAndRed();
    const inner = addSubnet(blue, subnet(5009, ['10.9.0.0/16', '192.168.2.128/25']));
    expectErrors(policy, [[inner, 'prefixes/1', 'overlappingPrefix']]);
  });

  it.each([
    '0.0.0.0/0',
    '0.1.0.0/16',
    '127.0.0.0/24',
    '169.254.7.0/24',
    '224.0.0.0/24',
    '240.0.0.0/8',
    '::/64',
    'fe80::/64',
    'ff02::/64',
    '::ffff:0:0/112',
  ])('no VM can have an address of %s', (prefix) => {
    const { policy } = blueAndRed();
    const green = addDomain(policy, RoutingDomainId('11111111-2222-3333-4444-000000007001'));
    const bad = addSubnet(green, subnet(7001, [prefix]));
    expectErrors(policy, [[bad, 'prefixes/0', 'invalidPrefix']]);
  });

  it('a subnet needs a prefix', () => {
    const { policy, blue } = blueAndRed();
    const bad = addSubnet(blue, subnet(5009, []));
    expectErrors(policy, [[bad, 'prefixes', 'missingField']]);
  });

  it('the gateway address lies in a prefix', () => {
    const { policy, blue } = blueAndRed();
    const bad = addSubnet(blue, subnet(5009, ['10.9.0.0/16'], { address: '10.10.0.1' }));
    expectErrors(policy, [[bad, 'gateway/address', 'outsideVirtualSubnet']]);
  });

  it.each(['10.9.0.0', '10.9.255.255'])('%s is no gateway address for 10.9.0.0/16', (address) => {
    const { policy, blue } = blueAndRed();
    const bad = addSubnet(blue, subnet(5009, ['10.9.0.0/16'], { address }));
    expectErrors(policy, [[bad, 'gateway/address', 'invalidAddress']]);
  });

  it('both addresses of a /31 are host addresses', () => {
    const { policy, blue } = blueAndRed();
    addSubnet(blue, subnet(5009, ['10.9.0.0/31'], { address: '10.9.0.0' }));
    expectErrors(policy, []);
  });

  it.each(['00-00-00-00-00-00', '01-00-5E-00-00-01', 'FF-FF-FF-FF-FF-FF'])(
    '%s is no gateway MAC',
    (mac) => {
      const { policy, blue } = blueAndRed();
      const bad = addSubnet(blue, subnet(5009, ['10.9.0.0/16'], { mac }));
      expectErrors(policy, [[bad, 'gateway/macAddress', 'invalidMacAddress']]);
    },
  );

  it('a gateway address is no provider address', () => {
    const { policy, blue } = blueAndRed();
    addSubnet(blue, subnet(5009, ['10.9.0.0/16']));
    const bad = addProviderAddress(policy, providerAddress('10.9.0.1'));
    expectErrors(policy, [[bad, 'address', 'invalidProviderAddress']]);
  });

  it('a VSID belongs to one routing domain', () => {
    const { policy, red } = blueAndRed();
    const bad = addSubnet(red, subnet(5002, ['10.9.0.0/16']));
    expectErrors(policy, [[bad, 'vsid', 'vsidInUse']]);
    const [error] = validatePolicy(policy, ENVIRONMENT).errors;
    expect(error?.message).toContain(BLUE);
    expect(error?.message).not.toContain(RED);
  });
});

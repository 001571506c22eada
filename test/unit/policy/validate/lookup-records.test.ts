import { describe, it } from 'vitest';
import type { ErrorCode } from '../../../../src/errors.js';
import { expectErrors, expectWarnings } from '../../../support/findings.js';
import {
  addProviderAddress,
  addRecord,
  addSubnet,
  blueAndRed,
  pa,
  providerAddress,
  record,
  subnet,
  type RecordOptions,
} from '../../../support/policy-builder.js';

describe('lookup records that are fine', () => {
  const fine: [string, number, string, RecordOptions][] = [
    ['a VM', 5001, '192.168.1.7', {}],
    ['the same MAC with another CA', 5001, '192.168.1.8', { mac: '00-15-5D-01-14-04' }],
    ['the gateway’s own address', 5002, '192.168.2.250', { pa: '10.1.1.40' }],
    ['an own record at the gateway address', 5002, '192.168.2.1', { pa: '10.1.1.40' }],
    ['a distributed gateway', 5001, '192.168.1.1', { pa: '169.254.254.254' }],
    ['a distributed gateway elsewhere', 5001, '192.168.1.254', { pa: '169.254.254.253' }],
    ['a wildcard', 5002, '0.0.0.0', { pa: '10.1.1.40', type: 'gatewayWildcard' }],
    ['an IPv6 wildcard', 5002, '::', { type: 'gatewayWildcard' }],
  ];
  it.each(fine)('%s', (_, vsid, address, options) => {
    const { policy, blue } = blueAndRed();
    addRecord(blue, record(vsid, address, options));
    expectErrors(policy, []);
  });

  it('a VM at the first host address, where the gateway has another', () => {
    const { policy, blue } = blueAndRed();
    addRecord(blue, record(5001, '192.168.1.254', { pa: '169.254.254.254' }));
    addRecord(blue, record(5001, '192.168.1.1'));
    expectErrors(policy, []);
  });

  it('both ends of a /31', () => {
    const { policy, blue } = blueAndRed();
    addSubnet(blue, subnet(5009, ['10.9.0.0/31'], { address: '10.9.0.0' }));
    addRecord(blue, record(5009, '10.9.0.1'));
    expectErrors(policy, []);
  });
});

describe('lookup records that are refused', () => {
  const refused: [string, number, string, RecordOptions, string, ErrorCode][] = [
    ['unknown VSID', 5005, '192.168.1.7', {}, 'vsid', 'unknownVirtualSubnet'],
    ['VSID of another tenant', 6001, '192.168.1.7', {}, 'vsid', 'unknownVirtualSubnet'],
    ['outside', 5001, '192.168.3.7', {}, 'customerAddress', 'outsideVirtualSubnet'],
    ['another family', 5001, '2001:db8::7', {}, 'customerAddress', 'outsideVirtualSubnet'],
    ['the gateway address', 5001, '192.168.1.1', {}, 'customerAddress', 'gatewayAddressConflict'],
    ['network address', 5001, '192.168.1.0', {}, 'customerAddress', 'invalidAddress'],
    ['broadcast address', 5001, '192.168.1.255', {}, 'customerAddress', 'invalidAddress'],
    ['multicast CA', 5001, '224.1.2.3', {}, 'customerAddress', 'invalidAddress'],
    ['loopback CA', 5001, '127.0.0.1', {}, 'customerAddress', 'invalidAddress'],
    ['zero MAC', 5001, '192.168.1.7', { mac: '000000000000' }, 'macAddress', 'invalidMacAddress'],
    ['group MAC', 5001, '192.168.1.7', { mac: '01005e000001' }, 'macAddress', 'invalidMacAddress'],
    ...['224.0.0.1', '255.255.255.255', '127.0.0.1', '0.0.0.0', '241.0.0.1'].map(
      (address): [string, number, string, RecordOptions, string, ErrorCode] => [
        `PA ${address}`,
        5001,
        '192.168.1.7',
        { pa: address },
        'providerAddress',
        'invalidProviderAddress',
      ],
    ),
    [
      'PA that is a gateway address',
      5001,
      '192.168.1.7',
      { pa: '192.168.2.1' },
      'providerAddress',
      'invalidProviderAddress',
    ],
    [
      'wildcard that nothing is sent to',
      5001,
      '0.0.0.0',
      { pa: '169.254.254.254', type: 'gatewayWildcard' },
      'providerAddress',
      'invalidProviderAddress',
    ],
    ['CA for all without the type', 5001, '0.0.0.0', {}, 'type', 'unsupportedRecord'],
    [
      'type for all with a CA',
      5001,
      '192.168.1.7',
      { type: 'gatewayWildcard' },
      'type',
      'unsupportedRecord',
    ],
  ];
  it.each(refused)('%s', (_, vsid, address, options, field, code) => {
    const { policy, blue } = blueAndRed();
    const bad = addRecord(blue, record(vsid, address, options));
    expectErrors(policy, [[bad, field, code]]);
  });

  it('one CA in two subnets of a routing domain', () => {
    const { policy, blue } = blueAndRed();
    const bad = addRecord(blue, record(5002, '192.168.1.101'));
    expectErrors(policy, [
      [bad, 'customerAddress', 'outsideVirtualSubnet'],
      [bad, 'customerAddress', 'duplicate'],
    ]);
  });

  it('every mistake of one record at once', () => {
    const { policy, blue } = blueAndRed();
    const bad = addRecord(blue, record(5001, '10.0.0.1', { mac: '000000000000', pa: '224.0.0.1' }));
    expectErrors(policy, [
      [bad, 'customerAddress', 'outsideVirtualSubnet'],
      [bad, 'macAddress', 'invalidMacAddress'],
      [bad, 'providerAddress', 'invalidProviderAddress'],
    ]);
  });
});

describe('distributed gateways', () => {
  const GATEWAY = { address: '192.168.9.254', mac: '02-00-00-00-00-09' };

  it('may say what the subnet says', () => {
    const { policy, blue } = blueAndRed();
    addSubnet(blue, subnet(5009, ['192.168.9.0/24'], GATEWAY));
    addRecord(blue, record(5009, GATEWAY.address, { mac: GATEWAY.mac, pa: '169.254.254.254' }));
    expectErrors(policy, []);
  });

  it('must not name another address', () => {
    const { policy, blue } = blueAndRed();
    addSubnet(blue, subnet(5009, ['192.168.9.0/24'], { address: GATEWAY.address }));
    const bad = addRecord(blue, record(5009, '192.168.9.1', { pa: '169.254.254.254' }));
    expectErrors(policy, [[bad, 'customerAddress', 'gatewayAddressConflict']]);
  });

  it('must not name another MAC', () => {
    const { policy, blue } = blueAndRed();
    addSubnet(blue, subnet(5009, ['192.168.9.0/24'], GATEWAY));
    const bad = addRecord(blue, record(5009, GATEWAY.address, { pa: '169.254.254.254' }));
    expectErrors(policy, [[bad, 'macAddress', 'gatewayAddressConflict']]);
  });

  it('are one per prefix, and of one MAC per subnet', () => {
    const { policy, blue } = blueAndRed();
    addSubnet(blue, subnet(5009, ['192.168.9.0/24', '192.168.10.0/24']));
    addRecord(blue, record(5009, '192.168.9.1', { pa: '169.254.254.254' }));
    const second = addRecord(blue, record(5009, '192.168.9.2', { pa: '169.254.254.254' }));
    const other = addRecord(
      blue,
      record(5009, '192.168.10.1', { pa: '169.254.254.254', mac: '02-00-00-00-00-01' }),
    );
    expectErrors(policy, [
      [second, 'customerAddress', 'gatewayAddressConflict'],
      [other, 'macAddress', 'gatewayAddressConflict'],
    ]);
  });
});

describe('the PA of a routing domain', () => {
  it('is one of the gateway’s', () => {
    const { policy, blue } = blueAndRed();
    blue.head = { ...blue.head, providerAddress: pa('10.1.1.41') };
    expectErrors(policy, [[blue.head, 'providerAddress', 'unknownProviderAddress']]);
  });

  it('has to be there when there are records', () => {
    const { policy, blue, red } = blueAndRed();
    policy.providerAddresses = new Map();
    policy.providerRoutes.clear();
    red.lookupRecords.clear();
    expectErrors(policy, [[blue.head, '', 'unknownProviderAddress']]);
  });

  it('is named where own-address records name two', () => {
    const { policy, blue } = blueAndRed();
    addProviderAddress(policy, providerAddress('10.1.1.41'));
    addRecord(blue, record(5001, '192.168.1.250', { pa: '10.1.1.40' }));
    addRecord(blue, record(5002, '192.168.2.250', { pa: '10.1.1.41' }));
    expectErrors(policy, [[blue.head, 'providerAddress', 'unknownProviderAddress']]);
    blue.head = { ...blue.head, providerAddress: pa('10.1.1.41') };
    expectErrors(policy, []);
  });
});

it('rule nat is noted where packets are encapsulated all the same', () => {
  const { policy, blue } = blueAndRed();
  addSubnet(blue, subnet(5008, ['2001:db8:8::/64']));
  const wildcard = { rule: 'nat', type: 'gatewayWildcard' } as const;
  const noted = [
    addRecord(blue, record(5008, '2001:db8:8::7', { rule: 'nat' })),
    addRecord(blue, record(5001, '0.0.0.0', wildcard)),
  ];
  addRecord(blue, record(5001, '192.168.1.7', { rule: 'nat' }));
  addRecord(blue, record(5001, '192.168.1.1', { rule: 'nat', pa: '169.254.254.254' }));
  expectWarnings(
    policy,
    noted.map((each) => [each, 'rule', 'unsupportedRecord']),
  );
});

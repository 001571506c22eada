import { expect, test } from 'vitest';
import type { RuleRow } from '../../../../src/dataplane/linux/read-place.js';
import { observedRules, ruleStep } from '../../../../src/dataplane/linux/rule.js';
import { RoutingDomainId } from '../../../../src/model/routing-domain-id.js';
import { parseIp } from '../../../../src/net/ip.js';

const domain = RoutingDomainId('11111111-2222-3333-4444-000000005001');
const ours: RuleRow = {
  ...{ priority: 76, src: '203.0.113.10', iif: 'lo', table: '76', protocol: '76' },
};

test('only rules of our protocol number and form are ours', () => {
  const rows: RuleRow[] = [
    { priority: 0, src: 'all', table: 'local', protocol: 'kernel' },
    ours,
    { ...ours, src: '2001:db8::10' },
    { ...ours, protocol: 'static' },
    { ...ours, priority: 220, table: '220' },
    { ...ours, src: '203.0.113.0', srclen: 24 },
  ];
  expect(observedRules(domain, rows)).toEqual([
    { kind: 'rule', domain, source: parseIp('203.0.113.10') },
    { kind: 'rule', domain, source: parseIp('2001:db8::10') },
  ]);
});

test.each([
  ['203.0.113.10', 4],
  ['2001:db8::10', 6],
] as const)('a rule for %s is made in its family', (address, family) => {
  const rule = { kind: 'rule', domain, source: parseIp(address) } as const;
  const step = ruleStep({ instance: 'nvgt', devices: new Map() }, 'add', rule);
  expect(step).toMatchObject({
    family,
    line: `rule add from ${address} iif lo lookup 76 priority 76 protocol 76`,
  });
});

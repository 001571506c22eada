import { expect, test } from 'vitest';
import type { RuleRow } from '../../../../src/dataplane/linux/read-place.js';
import { observedRules, ruleStep } from '../../../../src/dataplane/linux/rule.js';
import type { RoutingRule } from '../../../../src/dataplane/kernel-object.js';
import { RoutingDomainId } from '../../../../src/model/routing-domain-id.js';
import { parseIp } from '../../../../src/net/ip.js';

const domain = RoutingDomainId('11111111-2222-3333-4444-000000005001');
const ours = { priority: 76, iif: 'lo', table: '76', protocol: '76' };
const fromAddress: RuleRow = { ...ours, src: '203.0.113.10' };

test('only rules of our protocol number and forms are ours', () => {
  const ipv4: RuleRow[] = [
    { priority: 0, src: 'all', table: 'local', protocol: 'kernel' },
    fromAddress,
    { ...fromAddress, protocol: 'static' },
    { ...fromAddress, priority: 220, table: '220' },
    { ...fromAddress, src: '203.0.113.0', srclen: 24 },
    { ...ours, src: 'all', ipproto: 'tcp' },
    { ...ours, src: 'all', ipproto: 'tcp', dport: 80 },
    { ...ours, src: 'all', ipproto: 'udp', dport: 53 },
    { ...ours, src: 'all' },
  ];
  const ipv6: RuleRow[] = [
    { ...ours, src: '2001:db8::10' },
    { ...ours, src: 'all', ipproto: 'tcp' },
  ];
  expect(observedRules(domain, { ipv4, ipv6 }).map(({ packets }) => packets)).toEqual([
    { source: parseIp('203.0.113.10') },
    { service: 'tcp', family: 4 },
    { service: 'dns', family: 4 },
    { source: parseIp('2001:db8::10') },
    { service: 'tcp', family: 6 },
  ]);
});

test.each<[string, RoutingRule['packets'], 4 | 6]>([
  ['from 203.0.113.10 iif lo', { source: parseIp('203.0.113.10') }, 4],
  ['from 2001:db8::10 iif lo', { source: parseIp('2001:db8::10') }, 6],
  ['iif lo ipproto tcp', { service: 'tcp', family: 6 }, 6],
  ['iif lo ipproto udp dport 53', { service: 'dns', family: 4 }, 4],
])('a rule for packets %s is made in their family', (selector, packets, family) => {
  const rule: RoutingRule = { kind: 'rule', domain, packets };
  const step = ruleStep({ instance: 'nvgt', devices: new Map() }, 'add', rule);
  expect(step).toMatchObject({
    family,
    line: `rule add ${selector} lookup 76 priority 76 protocol 76`,
  });
});

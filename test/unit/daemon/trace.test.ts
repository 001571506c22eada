import { expect, it } from 'vitest';
import { traceByPolicy } from '../../../src/daemon/trace.js';
import { CustomerAddress } from '../../../src/model/addresses.js';
import { Vsid } from '../../../src/model/vsid.js';
import { parseIp } from '../../../src/net/ip.js';
import { scenePolicy } from '../../support/scene-policy.js';
import { ENVIRONMENT, policyOf } from '../../support/policy-of.js';

const { providerAddresses, routingDomains } = scenePolicy();
const policy = policyOf({
  ...(providerAddresses === undefined ? {} : { providerAddresses }),
  ...(routingDomains === undefined ? {} : { routingDomains }),
});

function outcome(vsid: number, from: string, to: string): unknown {
  const query = {
    vsid: Vsid(vsid),
    from: CustomerAddress(parseIp(from)),
    to: CustomerAddress(parseIp(to)),
  };
  return traceByPolicy(query, policy, ENVIRONMENT).outcome;
}

it.each([
  [
    'VM to VM',
    5001,
    '192.168.1.101',
    '192.168.2.11',
    { kind: 'tunnel', verdict: 'hairpinned', vsid: 5002 },
  ],
  ['the gateway', 5001, '192.168.1.101', '192.168.1.1', { kind: 'gateway' }],
  ['routed', 5001, '192.168.1.101', '192.168.101.10', { kind: 'connection' }],
  ['translated', 6001, '192.168.1.101', '198.51.100.1', { kind: 'connection' }],
  ['nowhere', 5001, '192.168.1.101', '198.51.100.1', { kind: 'dropped', verdict: 'noRoute' }],
  [
    'an unknown source',
    5001,
    '192.168.1.99',
    '192.168.2.11',
    { kind: 'dropped', verdict: 'spoofedAddress' },
  ],
  [
    'an unknown subnet',
    9999,
    '192.168.1.101',
    '192.168.2.11',
    { kind: 'dropped', verdict: 'vsidUnknown' },
  ],
] as const)('explains: %s', (_, vsid, from, to, expected) => {
  expect(outcome(vsid, from, to)).toMatchObject(expected);
});

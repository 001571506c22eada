import { describe, expect, it } from 'vitest';
import { originOf } from '../../../src/forwarding/source-check.js';
import type { RoutingDomainId } from '../../../src/model/routing-domain-id.js';
import { formatIp, parseIp } from '../../../src/net/ip.js';
import { loadPacketFixtures } from '../../support/packet-fixtures.js';

const { tables, domains } = loadPacketFixtures();

describe('originOf', () => {
  it.each([
    ['a record', 'blue', '192.168.1.101', 'record 5001 10.1.1.20'],
    ['a record in another routing domain', 'red', '192.168.1.101', 'record 6001 10.1.1.20'],
    ['a record whether on link or not', 'blue', '10.20.5.5', 'record 5002 10.1.1.21'],
    ['a router', 'blue', '10.20.1.9', 'router 5001 10.1.1.23'],
    ['a wildcard', 'blue', '192.168.2.77', 'wildcard 5002 10.1.1.22'],
    ['the gateway itself', 'blue', '192.168.1.1', 'local'],
    ['nothing: on link, without a wildcard', 'blue', '192.168.1.77', undefined],
    ['nothing: a multicast route', 'blue', '192.168.1.255', undefined],
    ['nothing: no route', 'blue', '203.0.113.5', undefined],
    ['nothing: a record of another routing domain only', 'red', '192.168.2.102', undefined],
  ])('finds %s', (_, name, address, expected) => {
    const origin = originOf(domainOf(name), parseIp(address), tables);
    expect(
      typeof origin === 'object'
        ? `${origin.by} ${origin.vsid} ${formatIp(origin.providerAddress)}`
        : origin,
    ).toBe(expected);
  });
});

function domainOf(name: string): RoutingDomainId {
  const id = domains.get(name);
  if (id === undefined) throw new Error(`no routing domain ${name}`);
  return id;
}

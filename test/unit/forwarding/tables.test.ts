import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forwardingTables, type ForwardingEntries } from '../../../src/forwarding/tables.js';
import type { CustomerRouteEntry } from '../../../src/model/forwarding-table.js';
import { RoutingDomainId } from '../../../src/model/routing-domain-id.js';
import { Vsid } from '../../../src/model/vsid.js';
import { parseIp, type IpAddress, type Ipv4, type Ipv6 } from '../../../src/net/ip.js';
import {
  Prefix,
  formatPrefix,
  maskAddress,
  parsePrefix,
  prefixContains,
} from '../../../src/net/prefix.js';
import { loadPacketFixtures } from '../../support/packet-fixtures.js';

fc.configureGlobal({ seed: 7637 });

const BLUE = RoutingDomainId('11111111-2222-3333-4444-000000005001');
const RED = RoutingDomainId('11111111-2222-3333-4444-000000006001');
const NOTHING: ForwardingEntries = {
  providerAddresses: [],
  virtualSubnets: [],
  lookupRecords: [],
  customerRoutes: [],
  providerPeers: [],
  rewrites: [],
  providerGroups: [],
  multicastRoutes: [],
  replications: [],
  externalEnds: [],
};

function route(prefix: Prefix, vsid = 5001, routingDomain = BLUE): CustomerRouteEntry {
  return { routingDomain, destinationPrefix: prefix, target: { kind: 'onLink', vsid: Vsid(vsid) } };
}

const prefixes = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 32 }))
    .map(([address, length]) => Prefix(maskAddress(address as Ipv4, length), length)),
  fc
    .tuple(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), fc.integer({ min: 0, max: 128 }))
    .map(([address, length]) => Prefix(maskAddress(address as Ipv6, length), length)),
);

describe('customerRoute', () => {
  it('is the longest of the prefixes that hold the address', () => {
    fc.assert(
      fc.property(fc.array(prefixes, { minLength: 1, maxLength: 12 }), fc.nat(), (list, at) => {
        // An address inside one of the prefixes, or the test would mostly find nothing.
        const address: IpAddress = list[at % list.length]?.address ?? parseIp('0.0.0.0');
        const tables = forwardingTables({ ...NOTHING, customerRoutes: list.map((p) => route(p)) });
        const longest = Math.max(
          ...list.filter((prefix) => prefixContains(prefix, address)).map(({ length }) => length),
        );
        expect(tables.customerRoute(BLUE, address)?.destinationPrefix).toEqual({
          address: maskAddress(address, longest),
          length: longest,
        });
      }),
    );
  });

  it('finds nothing in the other family, in another routing domain, and outside', () => {
    const tables = forwardingTables({
      ...NOTHING,
      customerRoutes: [
        route(parsePrefix('0.0.0.0/0')),
        route(parsePrefix('10.0.0.0/8'), 6001, RED),
      ],
    });
    expect(tables.customerRoute(BLUE, parseIp('::'))).toBeUndefined();
    expect(tables.customerRoute(RED, parseIp('11.0.0.1'))).toBeUndefined();
    const inBlue = tables.customerRoute(BLUE, parseIp('10.0.0.1'));
    expect(inBlue && formatPrefix(inBlue.destinationPrefix)).toBe('0.0.0.0/0');
  });

  it('takes the later of two entries with one key', () => {
    const prefix = parsePrefix('10.0.0.0/8');
    const tables = forwardingTables({
      ...NOTHING,
      customerRoutes: [route(prefix, 5001), route(prefix, 5002)],
    });
    expect(tables.customerRoute(BLUE, parseIp('10.1.1.1'))?.target).toEqual({
      kind: 'onLink',
      vsid: 5002,
    });
  });
});

describe('the other tables', () => {
  const { tables, entries } = loadPacketFixtures();

  it('hold what they were made of', () => {
    for (const record of entries.lookupRecords)
      expect(tables.lookupRecord(record.routingDomain, record.customerAddress)).toBe(record);
    for (const subnet of entries.virtualSubnets)
      expect(tables.virtualSubnet(subnet.vsid)).toBe(subnet);
    for (const peer of entries.providerPeers)
      expect(tables.isProviderPeer(peer.routingDomain, peer.providerAddress)).toBe(true);
    for (const { address } of entries.providerAddresses)
      expect(tables.isProviderAddress(address)).toBe(true);
  });

  it('keep routing domains apart', () => {
    const address = parseIp('192.168.2.102');
    expect(tables.lookupRecord(BLUE, address)).toBeDefined();
    expect(tables.lookupRecord(RED, address)).toBeUndefined();
    const peer = entries.providerPeers.at(3)?.providerAddress;
    expect(peer && tables.isProviderPeer(BLUE, peer)).toBe(true);
    expect(peer && tables.isProviderPeer(RED, peer)).toBe(false);
  });

  it('tell ::1 from 0.0.0.1', () => {
    expect(tables.lookupRecord(BLUE, 1n as Ipv6)).toBeUndefined();
    expect(tables.isProviderAddress(parseIp('::a01:128'))).toBe(false);
  });
});

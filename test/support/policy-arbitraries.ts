import fc from 'fast-check';
import type { Connection } from '../../src/model/connection.js';
import { customerRouteKey } from '../../src/model/customer-route.js';
import { lookupRecordKey } from '../../src/model/lookup-record.js';
import type { Policy } from '../../src/model/policy.js';
import { providerRouteKey } from '../../src/model/provider-route.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import type { Change } from '../../src/policy/change.js';
import { createPolicyState } from '../../src/policy/state.js';
import {
  BLUE,
  forward,
  nat,
  pa,
  providerAddress,
  providerRoute,
  record,
  RED,
  route,
  routed,
  subnet,
} from './policy-builder.js';
import { fewRemoteConnections } from './remote-arbitraries.js';

/*
 * Changes over a world so small that they meet each other often: three routing domains, a few
 * subnets, addresses and devices; most of them what `blueAndRed` has, some of them wrong.
 */
const GREEN = RoutingDomainId('11111111-2222-3333-4444-000000007001');

const domainIds = fc.constantFrom(BLUE, RED, GREEN);
const vsids = fc.constantFrom(5001, 5002, 5003, 6001);
const customerAddresses = fc.constantFrom(
  '192.168.1.1',
  '192.168.1.101',
  '192.168.1.254',
  '192.168.2.1',
  '192.168.2.250',
  '192.168.3.7',
  '2001:db8::7',
);
const providerAddresses = fc.constantFrom('10.1.1.20', '10.1.1.30', '10.1.1.40', '10.1.1.41');
const distributed = fc.constantFrom('169.254.254.254', '169.254.254.253');
const prefixes = fc.constantFrom(
  '192.168.1.0/24',
  '192.168.2.0/24',
  '192.168.3.0/24',
  '2001:db8::/64',
);
const destinations = fc.constantFrom('0.0.0.0/0', '10.0.0.0/8', '192.168.1.0/24', '2001:db8::/64');
const nextHops = fc.constantFrom('0.0.0.0', '::', '192.168.1.101', '192.168.2.250', '10.1.1.1');
const devices = fc.constantFrom('external', 'internet', undefined);
const metrics = fc.constantFrom(1, 255);

const providerAddressRecords = fc
  .tuple(providerAddresses, fc.constantFrom(24, 25))
  .map(([address, length]) => providerAddress(address, length));
const providerRoutes = fc
  .tuple(fc.constantFrom('0.0.0.0/0', '10.7.0.0/16'), providerAddresses)
  .map(([destination, nextHop]) => providerRoute(destination, nextHop));
const heads = fc.record(
  { id: domainIds, name: fc.constantFrom('a', 'b'), providerAddress: providerAddresses.map(pa) },
  { requiredKeys: ['id'] },
);
const subnets = fc
  .tuple(vsids, fc.uniqueArray(prefixes, { minLength: 1, maxLength: 2 }))
  .map(([vsid, list]) => subnet(vsid, list));
const records = fc
  .tuple(
    vsids,
    customerAddresses,
    fc.oneof({ weight: 4, arbitrary: providerAddresses }, { weight: 1, arbitrary: distributed }),
    fc.constantFrom('00-15-5D-01-14-04', '00-15-5D-01-1E-04'),
  )
  .map(([vsid, address, provider, mac]) => record(vsid, address, { pa: provider, mac }));
const customerRoutes = fc
  .tuple(vsids, destinations, nextHops, metrics)
  .map(([vsid, destination, nextHop, metric]) => route(vsid, destination, nextHop, metric));
const connectionIds = fc.constantFrom('corp', 'internet', 'third');
const localConnections = fc.oneof(
  fc
    .tuple(connectionIds, destinations, devices)
    .map(([id, destination, device]) => routed(id, [destination], device)),
  fc
    .tuple(
      connectionIds,
      fc.constantFrom('203.0.113.10', '203.0.113.11'),
      fc.constantFrom(80, 8080),
      devices,
    )
    .map(([id, address, port, device]) =>
      nat(id, address, [forward('web', port, '192.168.1.101', 80)], {
        ...(device !== undefined && { device }),
      }),
    ),
);

const connections = fc.oneof(localConnections, fewRemoteConnections({ kept: false }));

/** Changes of one object, or of a routing domain that holds little. */
export const change: fc.Arbitrary<Change> = fc.oneof(
  providerAddressRecords.map((value): Change => ({ op: 'upsert', kind: 'providerAddress', value })),
  providerAddressRecords.map(({ address }): Change => ({
    op: 'delete',
    kind: 'providerAddress',
    key: address,
  })),
  providerRoutes.map((value): Change => ({ op: 'upsert', kind: 'providerRoute', value })),
  providerRoutes.map((value): Change => ({
    op: 'delete',
    kind: 'providerRoute',
    key: providerRouteKey(value),
  })),
  heads.map((value): Change => ({ op: 'upsert', kind: 'routingDomainHead', value })),
  fc
    .tuple(heads, subnets, records, connections)
    .map(([head, virtualSubnet, lookupRecord, connection]): Change => ({
      op: 'upsert',
      kind: 'routingDomain',
      value: {
        head,
        virtualSubnets: new Map([[virtualSubnet.vsid, virtualSubnet]]),
        lookupRecords: new Map([
          [lookupRecordKey(lookupRecord.vsid, lookupRecord.customerAddress), lookupRecord],
        ]),
        customerRoutes: new Map(),
        connections: new Map([[connection.id, connection]]),
      },
    })),
  domainIds.map((key): Change => ({ op: 'delete', kind: 'routingDomain', key })),
  fc.tuple(domainIds, subnets).map(([routingDomain, value]): Change => ({
    op: 'upsert',
    kind: 'virtualSubnet',
    routingDomain,
    value,
  })),
  fc.tuple(domainIds, subnets).map(([routingDomain, { vsid }]): Change => ({
    op: 'delete',
    kind: 'virtualSubnet',
    routingDomain,
    key: vsid,
  })),
  fc.tuple(domainIds, records).map(([routingDomain, value]): Change => ({
    op: 'upsert',
    kind: 'lookupRecord',
    routingDomain,
    value,
  })),
  fc.tuple(domainIds, records).map(([routingDomain, { vsid, customerAddress }]): Change => ({
    op: 'delete',
    kind: 'lookupRecord',
    routingDomain,
    key: lookupRecordKey(vsid, customerAddress),
  })),
  fc.tuple(domainIds, customerRoutes).map(([routingDomain, value]): Change => ({
    op: 'upsert',
    kind: 'customerRoute',
    routingDomain,
    value,
  })),
  fc.tuple(domainIds, customerRoutes).map(([routingDomain, value]): Change => ({
    op: 'delete',
    kind: 'customerRoute',
    routingDomain,
    key: customerRouteKey(value),
  })),
  upsertConnection(connections),
  fc.tuple(domainIds, connections).map(([routingDomain, { id }]): Change => ({
    op: 'delete',
    kind: 'connection',
    routingDomain,
    key: id,
  })),
);

export const changes = fc.array(change, { maxLength: 30 });

/** Changes of which some leave secrets out. */
export const pushedChanges = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: change },
    { weight: 1, arbitrary: upsertConnection(fewRemoteConnections({ kept: true })) },
  ),
  { maxLength: 30 },
);

function upsertConnection(values: fc.Arbitrary<Connection>): fc.Arbitrary<Change> {
  return fc.tuple(domainIds, values).map(([routingDomain, value]): Change => ({
    op: 'upsert',
    kind: 'connection',
    routingDomain,
    value,
  }));
}

/** Whatever some changes lead to; mostly not valid. */
export const policies: fc.Arbitrary<Policy> = changes.map((list) => {
  const state = createPolicyState();
  state.apply(list);
  return state.policy;
});

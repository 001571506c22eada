import { customerRouteKey } from '../model/customer-route.js';
import { lookupRecordKey } from '../model/lookup-record.js';
import { EMPTY_POLICY, type Policy } from '../model/policy.js';
import { providerRouteKey } from '../model/provider-route.js';
import { connectionRow } from './connection-rows.js';
import { emptyDomain, openPolicy, type OpenDomain } from './open-policy.js';
import { kindOfKey } from './store-keys.js';
import {
  customerRouteRow,
  headRow,
  lookupRecordRow,
  providerAddressRow,
  providerRouteRow,
  virtualSubnetRow,
  type Row,
} from './store-rows.js';

/**
 * The policy that all rows of a store, in the order of their keys, make up.
 * @throws Error when they make up none
 */
export function readPolicy(rows: Iterable<{ readonly key: Buffer; readonly value: Row }>): Policy {
  const policy = openPolicy(EMPTY_POLICY);
  let domain: OpenDomain | undefined;

  function current(): OpenDomain {
    if (domain === undefined) throw new Error('an object belongs to no routing domain');
    return domain;
  }

  for (const { key, value } of rows) {
    const kind = kindOfKey(key);
    switch (kind) {
      case 'revision':
        break;
      case 'providerAddresses':
        policy.providerAddresses = readProviderAddresses(value);
        break;
      case 'providerRoute': {
        const route = providerRouteRow.read(value);
        policy.providerRoutes.set(providerRouteKey(route), route);
        break;
      }
      case 'head': {
        const head = headRow.read(value);
        domain = emptyDomain(head);
        policy.routingDomains.set(head.id, domain);
        break;
      }
      case 'virtualSubnet': {
        const subnet = virtualSubnetRow.read(value);
        current().virtualSubnets.set(subnet.vsid, subnet);
        break;
      }
      case 'lookupRecord': {
        const record = lookupRecordRow.read(value);
        current().lookupRecords.set(lookupRecordKey(record.vsid, record.customerAddress), record);
        break;
      }
      case 'customerRoute': {
        const route = customerRouteRow.read(value);
        current().customerRoutes.set(customerRouteKey(route), route);
        break;
      }
      case 'connection': {
        const connection = connectionRow.read(value);
        current().connections.set(connection.id, connection);
        break;
      }
      case undefined:
        throw new Error(`the key ${key.toString('hex')} is not known`);
    }
  }
  return policy;
}

/** The row of the provider addresses, in their order. */
export function readProviderAddresses(row: Row): Policy['providerAddresses'] {
  return new Map(
    (row as readonly Row[]).map((field) => {
      const record = providerAddressRow.read(field);
      return [record.address, record];
    }),
  );
}

import type { Policy } from '../model/policy.js';
import type { RoutingDomain } from '../model/routing-domain.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { customerRouteKey } from '../model/customer-route.js';
import { lookupRecordKey } from '../model/lookup-record.js';
import { providerRouteKey } from '../model/provider-route.js';
import type { Change, DomainChange } from './change.js';
import { connectionRow } from './connection-rows.js';
import { domainPrefix, partKey, providerRouteKeyOf } from './store-keys.js';
import {
  customerRouteRow,
  headRow,
  lookupRecordRow,
  providerRouteRow,
  virtualSubnetRow,
  type Row,
} from './store-rows.js';

/** Where writes go. */
export interface RowWriter {
  put(key: Buffer, row: Row): void;
  remove(key: Buffer): void;
  /** Removes everything that was stored below a routing domain before these writes. */
  removeDomain(prefix: Buffer): void;
}

/** So many changes are written in one go: a few milliseconds. */
const TOGETHER = 2_000;

/**
 * Writes all changes but those of provider addresses, which are stored as one row; in steps, between
 * which others may have a turn.
 */
export function* writeChanges(changes: readonly Change[], writer: RowWriter): Generator<void> {
  const restarts = lastRestarts(changes);
  const prefixes = new Map<RoutingDomainId, Buffer>();

  function prefixOf(domain: RoutingDomainId): Buffer {
    const prefix = prefixes.get(domain) ?? domainPrefix(domain);
    prefixes.set(domain, prefix);
    return prefix;
  }

  for (const [at, change] of changes.entries()) {
    if (at % TOGETHER === TOGETHER - 1) yield;
    switch (change.kind) {
      case 'providerAddress':
        break;
      case 'providerRoute':
        if (change.op === 'delete') writer.remove(providerRouteKeyOf(change.key));
        else
          writer.put(
            providerRouteKeyOf(providerRouteKey(change.value)),
            providerRouteRow.write(change.value),
          );
        break;
      case 'routingDomain': {
        const id = change.op === 'upsert' ? change.value.head.id : change.key;
        if (restarts.get(id) !== at) break;
        writer.removeDomain(prefixOf(id));
        if (change.op === 'upsert') writeDomain(prefixOf(id), change.value, writer);
        break;
      }
      case 'routingDomainHead': {
        const { id } = change.value;
        if (at > (restarts.get(id) ?? -1))
          writer.put(partKey(prefixOf(id), 'head'), headRow.write(change.value));
        break;
      }
      case 'virtualSubnet':
      case 'lookupRecord':
      case 'customerRoute':
      case 'connection':
        if (at > (restarts.get(change.routingDomain) ?? -1))
          writePart(prefixOf(change.routingDomain), change, writer);
    }
  }
}

/** Where each routing domain was last replaced or deleted as a whole: what came before is void. */
function lastRestarts(changes: readonly Change[]): Map<RoutingDomainId, number> {
  const restarts = new Map<RoutingDomainId, number>();
  for (const [at, change] of changes.entries())
    if (change.kind === 'routingDomain')
      restarts.set(change.op === 'upsert' ? change.value.head.id : change.key, at);
  return restarts;
}

function writeDomain(prefix: Buffer, domain: RoutingDomain, writer: RowWriter): void {
  writer.put(partKey(prefix, 'head'), headRow.write(domain.head));
  for (const [key, subnet] of domain.virtualSubnets)
    writer.put(partKey(prefix, 'virtualSubnet', String(key)), virtualSubnetRow.write(subnet));
  for (const [key, record] of domain.lookupRecords)
    writer.put(partKey(prefix, 'lookupRecord', key), lookupRecordRow.write(record));
  for (const [key, route] of domain.customerRoutes)
    writer.put(partKey(prefix, 'customerRoute', key), customerRouteRow.write(route));
  for (const [key, connection] of domain.connections)
    writer.put(partKey(prefix, 'connection', key), connectionRow.write(connection));
}

function writePart(prefix: Buffer, change: DomainChange, writer: RowWriter): void {
  if (change.op === 'delete') {
    writer.remove(partKey(prefix, change.kind, String(change.key)));
    return;
  }
  switch (change.kind) {
    case 'virtualSubnet':
      writer.put(
        partKey(prefix, change.kind, String(change.value.vsid)),
        virtualSubnetRow.write(change.value),
      );
      break;
    case 'lookupRecord': {
      const key = lookupRecordKey(change.value.vsid, change.value.customerAddress);
      writer.put(partKey(prefix, change.kind, key), lookupRecordRow.write(change.value));
      break;
    }
    case 'customerRoute':
      writer.put(
        partKey(prefix, change.kind, customerRouteKey(change.value)),
        customerRouteRow.write(change.value),
      );
      break;
    case 'connection':
      writer.put(partKey(prefix, change.kind, change.value.id), connectionRow.write(change.value));
  }
}

/** The provider addresses after the changes, in their order. */
export function providerAddressesAfter(
  before: Policy['providerAddresses'],
  changes: readonly Change[],
): Policy['providerAddresses'] {
  const after = new Map(before);
  for (const change of changes)
    if (change.kind === 'providerAddress') {
      if (change.op === 'delete') after.delete(change.key);
      else after.set(change.value.address, change.value);
    }
  return after;
}

import type { CustomerAddress, ProviderAddress } from '../../model/addresses.js';
import type { LookupRecordEntry, ReplicationEntry } from '../../model/forwarding-table.js';
import { REPLICATION_MAX } from '../../model/forwarding-table.js';
import { isRewritten, lookupRecordKey, type LookupRecord } from '../../model/lookup-record.js';
import type { Policy } from '../../model/policy.js';
import { policyRef, type PolicyRef } from '../../model/policy-ref.js';
import type { RoutingDomain } from '../../model/routing-domain.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { Vsid } from '../../model/vsid.js';
import type { KernelObject } from '../kernel-object.js';
import type { Operation } from '../port.js';
import { domainView } from './domain-view.js';
import type { PrefixTable } from './prefix-table.js';
import { destinationTable, isOnLink } from './destinations.js';
import { bestRoutes, virtualRoutes, type VirtualRoute } from './virtual-routes.js';

/*
 * One lookup record at a time: what the packet path alone knows of, and what costs the same however
 * many other records there are.
 */

interface LookupRecordObject {
  readonly kind: 'lookupRecord';
  readonly entry: LookupRecordEntry;
  readonly owner: PolicyRef;
}

/** What each destination of a routing domain leads to; records on their own do not change it. */
export type Destinations = PrefixTable<VirtualRoute['target'] | 'external'>;

/** @param maxLength see `LookupRecordEntry` */
export function recordObject(
  routingDomain: RoutingDomainId,
  destinations: Destinations,
  record: LookupRecord,
  maxLength?: number,
): LookupRecordObject {
  const { vsid, customerAddress, macAddress, providerAddress } = record;
  const entry: LookupRecordEntry = {
    ...{ routingDomain, customerAddress, vsid, macAddress, providerAddress },
    local: false,
    onLink: isOnLink(destinations, record),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(isRewritten(record) && { nat: true }),
  };
  return { kind: 'lookupRecord', entry, owner: policyRef.lookupRecord(routingDomain, record) };
}

/** @param hosts in ascending order */
export function replicationObject(
  routingDomain: RoutingDomainId,
  vsid: Vsid,
  hosts: readonly ProviderAddress[],
  packetsPerSecond: number,
): KernelObject {
  const providerAddresses = hosts.slice(0, REPLICATION_MAX);
  const entry: ReplicationEntry = {
    ...{ routingDomain, vsid, providerAddresses, packetsPerSecond },
    leftOut: hosts.length - providerAddresses.length,
  };
  return { kind: 'replication', entry, owner: policyRef.virtualSubnet(routingDomain, vsid) };
}

export function providerPeerObject(
  routingDomain: RoutingDomainId,
  providerAddress: ProviderAddress,
  owner: PolicyRef = policyRef.routingDomain(routingDomain),
): KernelObject {
  return { kind: 'providerPeer', entry: { routingDomain, providerAddress }, owner };
}

/** Whether an object comes of lookup records alone, so that a changed record may change it. */
export function isOfRecords({ kind }: KernelObject): boolean {
  return kind === 'lookupRecord' || kind === 'providerPeer' || kind === 'replication';
}

/**
 * What records that stand alone are compiled by: the rest of their routing domain. It holds until
 * something else than such records changes.
 */
export interface RecordPlan {
  readonly destinations: Destinations;
  /** The gateway's own addresses: no record makes them another's. */
  readonly local: ReadonlySet<CustomerAddress>;
}

export function recordPlan(policy: Policy, domain: RoutingDomain): RecordPlan {
  const view = domainView(policy, domain);
  return {
    destinations: destinationTable(view, bestRoutes(virtualRoutes(view))),
    local: new Set(view.local.keys()),
  };
}

/**
 * The operation that makes the packet path have a record as the policy has it now, or none.
 * @param touched the record as it was, or is
 */
export function recordOperation(
  plan: RecordPlan,
  domain: RoutingDomain,
  touched: LookupRecord,
): Operation | undefined {
  const { customerAddress } = touched;
  if (plan.local.has(customerAddress)) return undefined;
  const wanted = wantedRecord(domain, touched);
  const object = recordObject(domain.head.id, plan.destinations, wanted ?? touched);
  return { action: wanted === undefined ? 'remove' : 'change', object };
}

/** The address may have gone to another virtual subnet together with its prefix. */
function wantedRecord(
  { virtualSubnets, lookupRecords }: RoutingDomain,
  { vsid, customerAddress }: LookupRecord,
): LookupRecord | undefined {
  const own = lookupRecords.get(lookupRecordKey(vsid, customerAddress));
  if (own !== undefined) return own;
  for (const other of virtualSubnets.keys()) {
    const record = lookupRecords.get(lookupRecordKey(other, customerAddress));
    if (record !== undefined) return record;
  }
  return undefined;
}

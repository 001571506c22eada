import type { Connection, ConnectionId } from '../../model/connection.js';
import {
  customerRouteKey,
  isOnLink,
  type CustomerRoute,
  type CustomerRouteKey,
} from '../../model/customer-route.js';
import {
  isDistributedGateway,
  isWildcard,
  lookupRecordKey,
  type LookupRecord,
  type LookupRecordKey,
} from '../../model/lookup-record.js';
import type { RoutingDomain } from '../../model/routing-domain.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { SubnetGateway, VirtualSubnet } from '../../model/virtual-subnet.js';
import type { Vsid } from '../../model/vsid.js';
import { formatIp, isLimitedBroadcast, isMulticast } from '../../net/ip.js';
import { formatPrefix, prefixContains, type Prefix } from '../../net/prefix.js';
import { mergeRepeats, type Read } from './merge-repeats.js';
import type { DomainRoute } from './policy-call.js';
import type { Report } from './report.js';

interface DomainParts {
  readonly virtualSubnets: Map<Vsid, VirtualSubnet>;
  readonly lookupRecords: Map<LookupRecordKey, LookupRecord>;
  readonly customerRoutes: Map<CustomerRouteKey, CustomerRoute>;
}

/**
 * The routing domains that customer routes and lookup records describe. The routes say which
 * domain a VSID belongs to and, by what is on link, which prefixes it has.
 * @param unreadVsids VSIDs of routes that could not be read: their records are not blamed for it
 */
export function assembleDomains(
  routes: readonly Read<DomainRoute>[],
  records: readonly Read<LookupRecord>[],
  unreadVsids: ReadonlySet<number>,
  report: Report,
): Map<RoutingDomainId, RoutingDomain> {
  const kept = mergeRepeats(
    withOneDomainEach(routes, report),
    customerRouteKey,
    ({ vsid, destinationPrefix }) =>
      `the route of VSID ${vsid} to ${formatPrefix(destinationPrefix)}`,
    report,
  );
  const domainOf = new Map<Vsid, RoutingDomainId>();
  const parts = new Map<RoutingDomainId, DomainParts>();
  for (const [key, { value }] of kept) {
    const { routingDomain, ...route } = value;
    domainOf.set(route.vsid, routingDomain);
    partsOf(parts, routingDomain).customerRoutes.set(key, route);
  }
  const keptRecords = mergeRecords(records, report);
  const routesOf = byVsid(kept.values());
  const recordsOf = byVsid(keptRecords.values());
  for (const [vsid, domain] of domainOf) {
    const ofSubnet = routesOf.get(vsid) ?? [];
    const prefixes = subnetPrefixes(ofSubnet.map(({ value }) => value));
    const [first] = ofSubnet;
    if (prefixes.length === 0 && first !== undefined)
      report.problem(
        first.line,
        'missingField',
        `VSID ${vsid} has no prefix. Add a customer route for it with next hop 0.0.0.0.`,
      );
    const gateway = distributedGateway(vsid, recordsOf.get(vsid) ?? [], report);
    partsOf(parts, domain).virtualSubnets.set(vsid, { vsid, prefixes, gateway });
  }
  for (const [key, { line, value }] of keptRecords) {
    const domain = domainOf.get(value.vsid);
    if (domain !== undefined) partsOf(parts, domain).lookupRecords.set(key, value);
    else if (!unreadVsids.has(value.vsid))
      report.problem(
        line,
        'unknownVirtualSubnet',
        `No customer route says which routing domain VSID ${value.vsid} belongs to. Add a New-NetVirtualizationCustomerRoute for it.`,
      );
  }
  return new Map(
    [...parts].map(([id, held]) => [
      id,
      { head: { id }, ...held, connections: new Map<ConnectionId, Connection>() },
    ]),
  );
}

function partsOf(parts: Map<RoutingDomainId, DomainParts>, id: RoutingDomainId): DomainParts {
  let held = parts.get(id);
  if (held === undefined) {
    held = { virtualSubnets: new Map(), lookupRecords: new Map(), customerRoutes: new Map() };
    parts.set(id, held);
  }
  return held;
}

function byVsid<T extends { readonly vsid: Vsid }>(reads: Iterable<Read<T>>): Map<Vsid, Read<T>[]> {
  const groups = new Map<Vsid, Read<T>[]>();
  for (const read of reads) {
    const group = groups.get(read.value.vsid);
    if (group === undefined) groups.set(read.value.vsid, [read]);
    else group.push(read);
  }
  return groups;
}

/** The routes without those that put a VSID into a second routing domain. */
function withOneDomainEach(
  routes: readonly Read<DomainRoute>[],
  report: Report,
): Read<DomainRoute>[] {
  const owners = new Map<Vsid, Read<DomainRoute>>();
  return routes.filter((route) => {
    const { vsid, routingDomain } = route.value;
    const owner = owners.get(vsid);
    if (owner === undefined) owners.set(vsid, route);
    if (owner === undefined || owner.value.routingDomain === routingDomain) return true;
    report.problem(
      route.line,
      'vsidInUse',
      `Lines ${owner.line} and ${route.line} put VSID ${vsid} into two routing domains. Choose one.`,
    );
    return false;
  });
}

/** Records of one address must agree but for the VM's name, which nothing depends on. */
function mergeRecords(
  records: readonly Read<LookupRecord>[],
  report: Report,
): Map<LookupRecordKey, Read<LookupRecord>> {
  const names = new Map<LookupRecordKey, Read<string>>();
  const nameless = records.map(({ line, value }) => {
    const { vmName, ...record } = value;
    const key = lookupRecordKey(value.vsid, value.customerAddress);
    const named = names.get(key);
    if (vmName !== undefined && named === undefined) names.set(key, { line, value: vmName });
    else if (vmName !== undefined && named !== undefined && named.value !== vmName)
      report.note(
        line,
        `The VM is called "${named.value}" on line ${named.line}; that name is kept.`,
      );
    return { line, value: record };
  });
  const merged = mergeRepeats<LookupRecord, LookupRecordKey>(
    nameless,
    (record) => lookupRecordKey(record.vsid, record.customerAddress),
    (record) => `${formatIp(record.customerAddress)} in VSID ${record.vsid}`,
    report,
  );
  return new Map(
    [...merged].map(([key, { line, value }]) => {
      const vmName = names.get(key)?.value;
      return [key, { line, value: vmName === undefined ? value : { ...value, vmName } }];
    }),
  );
}

/** What is on link, but for the default, broadcast and multicast, and what lies inside another. */
function subnetPrefixes(routes: readonly CustomerRoute[]): Prefix[] {
  const onLink = routes
    .filter(isOnLink)
    .map(({ destinationPrefix }) => destinationPrefix)
    .filter(
      ({ address, length }) => length > 0 && !isMulticast(address) && !isLimitedBroadcast(address),
    );
  return onLink.filter(
    (prefix) =>
      !onLink.some(
        (other) => other.length < prefix.length && prefixContains(other, prefix.address),
      ),
  );
}

/** A record with a link-local PA names the address and the MAC that the VMs know as their gateway. */
function distributedGateway(
  vsid: Vsid,
  records: readonly Read<LookupRecord>[],
  report: Report,
): SubnetGateway {
  const [first, ...others] = records.filter(
    ({ value }) => isDistributedGateway(value) && !isWildcard(value),
  );
  if (first === undefined) return {};
  for (const other of others)
    report.note(
      other.line,
      `VSID ${vsid} has its gateway address from line ${first.line}; this one stays a record only.`,
    );
  const { customerAddress, macAddress } = first.value;
  return { address: customerAddress, macAddress };
}

import type {
  LookupRecordEntry,
  ShortWay,
  VirtualSubnetEntry,
} from '../../model/forwarding-table.js';
import type { Policy } from '../../model/policy.js';
import { policyRef, type PolicyRef } from '../../model/policy-ref.js';
import type { ProviderAddressRecord } from '../../model/provider-address.js';
import type { ProviderRoute } from '../../model/provider-route.js';
import { addressBits, familyOf } from '../../net/ip.js';
import { formatPrefix, maskAddress, Prefix, prefixContains } from '../../net/prefix.js';
import type { KernelObject } from '../kernel-object.js';
import type { DomainView } from './domain-view.js';
import { destinationTable } from './destinations.js';
import { providerPeerObject, recordObject } from './lookup-records.js';
import { broadcastRoutes, multicastTables } from './multicast.js';
import type { Environment } from './environment.js';
import { pathLimit, type PathEnvironment } from './path-limit.js';
import { shortWay, shortWayRoutes } from './short-way.js';
import { bestRoutes, type VirtualRoute } from './virtual-routes.js';

/** The routing domain as the packet path reads it. */
export function* domainTables(
  environment: PathEnvironment &
    Pick<Environment, 'multicastPacketsPerSecond' | 'external' | 'shortWay'>,
  policy: Policy,
  view: DomainView,
  routes: readonly VirtualRoute[],
): Generator<KernelObject> {
  yield* virtualSubnetEntries(policy, view, shortWay(environment, view, routes));

  for (const address of view.local.values()) {
    const { vsid, customerAddress, macAddress, rewriteAddress, owner } = address;
    const entry: LookupRecordEntry = {
      routingDomain: view.id,
      customerAddress,
      vsid,
      macAddress,
      providerAddress: rewriteAddress,
      local: true,
      onLink: false,
      ...(rewriteAddress !== undefined && { nat: true }),
    };
    yield { kind: 'lookupRecord', entry, owner };
    yield* rewriteOf(entry, owner);
  }

  const best = bestRoutes(routes);
  const destinations = destinationTable(view, best);
  for (const record of view.remote) {
    const { customerAddress, providerAddress } = record;
    if (view.local.has(customerAddress)) continue;
    const maxLength = pathLimit(environment, providerAddress, familyOf(customerAddress));
    const object = recordObject(view.id, destinations, record, maxLength);
    yield object;
    yield* rewriteOf(object.entry, object.owner);
  }

  for (const { destinationPrefix, target, owner } of best)
    yield {
      kind: 'customerRoute',
      entry: { routingDomain: view.id, destinationPrefix, target },
      owner,
    };
  yield* shortWayRoutes(environment, view, routes);
  const taken = new Set(best.map(({ destinationPrefix }) => formatPrefix(destinationPrefix)));
  yield* broadcastRoutes(view, taken);
  yield* multicastTables(environment, view);

  for (const providerAddress of view.providerPeers)
    yield providerPeerObject(view.id, providerAddress, view.owner);
}

/** The way from the provider address back, for a record of rule `nat` (N13). */
function* rewriteOf(record: LookupRecordEntry, owner: PolicyRef): Generator<KernelObject> {
  const { routingDomain, customerAddress, vsid, providerAddress, local } = record;
  if (record.nat !== true || providerAddress === undefined) return;
  const entry = { providerAddress, routingDomain, customerAddress, vsid, local };
  yield { kind: 'rewrite', entry, owner };
}

function* virtualSubnetEntries(
  policy: Policy,
  view: DomainView,
  way: ShortWay | undefined,
): Generator<KernelObject> {
  const providerAddress = view.providerAddress;
  if (providerAddress === undefined) return;
  const own = policy.providerAddresses.get(providerAddress);
  if (own === undefined) return;
  const onLinkLength = onLinkLengthOf(own, policy.providerRoutes.values());
  for (const { subnet, sourceMac, gatewayMac } of view.subnets.values()) {
    const entry: VirtualSubnetEntry = {
      vsid: subnet.vsid,
      routingDomain: view.id,
      providerAddress,
      underlay: own.interface,
      sourceMac,
      gatewayMac,
      ...(onLinkLength === undefined ? {} : { onLinkLength }),
      ...(way === undefined ? {} : { shortWay: way }),
    };
    yield {
      kind: 'virtualSubnet',
      entry,
      owner: policyRef.virtualSubnet(view.id, subnet.vsid),
    };
  }
}

/**
 * How long the prefix is whose addresses are all neighbours of the provider address; undefined where
 * it has no others, or a provider route leads to a part of it by a router.
 */
function onLinkLengthOf(
  { address, prefixLength }: ProviderAddressRecord,
  routes: Iterable<ProviderRoute>,
): number | undefined {
  if (prefixLength === addressBits(address)) return undefined;
  const link = Prefix(maskAddress(address, prefixLength), prefixLength);
  for (const {
    destinationPrefix: { address: destination, length },
  } of routes)
    if (length >= prefixLength && prefixContains(link, destination)) return undefined;
  return prefixLength;
}

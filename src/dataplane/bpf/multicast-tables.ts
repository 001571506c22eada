import { ProviderAddress } from '../../model/addresses.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { Vsid } from '../../model/vsid.js';
import type { Ipv4 } from '../../net/ip.js';
import type { MulticastTableEntry } from '../kernel-object.js';
import {
  multicastRouteCodec,
  providerGroupCodec,
  replicationCodec,
  type SubnetPrefix,
} from './multicast-codecs.js';
import { typedMap } from './map.js';
import type { LoadedObject } from './object.js';

/** The maps of broadcast and multicast (N10) as table entries of the model. */
export interface MulticastTables {
  /** As `Tables.observe`. */
  observe(wanted: (domain: RoutingDomainId) => boolean): MulticastTableEntry[];
  set(entry: MulticastTableEntry): void;
  delete(entry: MulticastTableEntry): void;
}

const NO_GROUP = 0 as Ipv4;

/**
 * @param domainIndex number of a routing domain in the maps; throws where it has none
 * @param domainOf the other way round
 */
export function createMulticastTables(
  maps: Pick<LoadedObject['maps'], 'multicast_routes' | 'provider_groups' | 'replications'>,
  domainIndex: (domain: RoutingDomainId) => number,
  domainOf: (index: number) => RoutingDomainId | undefined,
): MulticastTables {
  const routes = typedMap(maps.multicast_routes, multicastRouteCodec);
  const groups = typedMap(maps.provider_groups, providerGroupCodec);
  const replications = typedMap(maps.replications, replicationCodec);

  function set(object: MulticastTableEntry): void {
    const routingDomain = domainIndex(object.entry.routingDomain);
    switch (object.kind) {
      case 'multicastRoute':
        routes.set(keyOf(object), { routingDomain, group: object.entry.group ?? NO_GROUP });
        return;
      case 'providerGroup':
        groups.set(object.entry, routingDomain);
        return;
      case 'replication':
        replications.set(object.entry.vsid, { ...object.entry, routingDomain });
    }
  }

  function remove(object: MulticastTableEntry): void {
    switch (object.kind) {
      case 'multicastRoute':
        routes.delete(keyOf(object));
        return;
      case 'providerGroup':
        groups.delete(object.entry);
        return;
      case 'replication':
        replications.delete(object.entry.vsid);
    }
  }

  function observe(wanted: (domain: RoutingDomainId) => boolean): MulticastTableEntry[] {
    const found: MulticastTableEntry[] = [];
    for (const [{ vsid, address, prefixLength }, value] of routes.entries()) {
      const routingDomain = domainOf(value.routingDomain);
      if (routingDomain === undefined) routes.delete({ vsid, address, prefixLength });
      else if (wanted(routingDomain))
        found.push({
          kind: 'multicastRoute',
          entry: {
            routingDomain,
            vsid: vsid as Vsid,
            destinationPrefix: { address, length: prefixLength },
            group: value.group === NO_GROUP ? undefined : ProviderAddress(value.group),
          },
        });
    }
    for (const [key, domain] of groups.entries()) {
      const routingDomain = domainOf(domain);
      if (routingDomain === undefined) groups.delete(key);
      else if (wanted(routingDomain))
        found.push({
          kind: 'providerGroup',
          entry: { routingDomain, vsid: key.vsid as Vsid, group: ProviderAddress(key.group) },
        });
    }
    for (const [vsid, value] of replications.entries()) {
      const routingDomain = domainOf(value.routingDomain);
      if (routingDomain === undefined) replications.delete(vsid);
      else if (wanted(routingDomain))
        found.push({
          kind: 'replication',
          entry: {
            routingDomain,
            vsid: vsid as Vsid,
            packetsPerSecond: value.packetsPerSecond,
            leftOut: value.leftOut,
            providerAddresses: value.providerAddresses.map(ProviderAddress),
          },
        });
    }
    return found;
  }

  return { observe, set, delete: remove };
}

function keyOf({
  entry: { vsid, destinationPrefix },
}: Extract<MulticastTableEntry, { kind: 'multicastRoute' }>): SubnetPrefix {
  const { address, length } = destinationPrefix;
  return { vsid, address, prefixLength: length };
}

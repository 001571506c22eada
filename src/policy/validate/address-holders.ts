import { externalAddressOf, type Connection } from '../../model/connection.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { IpAddress } from '../../net/ip.js';
import type { Touched } from '../touched.js';
import type { PolicyView } from './domain-view.js';

/** A connection that uses an external address. */
export interface Holder<Kind extends Connection = Connection> {
  readonly domain: RoutingDomainId;
  readonly connection: Kind;
  readonly touched: boolean;
}

/** The external addresses of all routing domains that have been touched as a whole. */
export function touchedAddresses({ policy }: PolicyView, touched: Touched): Set<IpAddress> {
  const addresses = new Set<IpAddress>();
  for (const [id, touch] of touched.domains) {
    if (touch !== 'whole') continue;
    for (const connection of policy.routingDomains.get(id)?.connections.values() ?? []) {
      const address = externalAddressOf(connection);
      if (address !== undefined) addresses.add(address);
    }
  }
  return addresses;
}

/** Those that the push has not touched come first: the others have to make way. */
export function holdersOf({ index }: PolicyView, address: IpAddress, touched: Touched): Holder[] {
  const holders: Holder[] = [];
  for (const [domain, connections] of index.externalAddresses.get(address) ?? [])
    for (const connection of connections)
      holders.push({ domain, connection, touched: touched.domains.get(domain) === 'whole' });
  return [
    ...holders.filter((holder) => !holder.touched),
    ...holders.filter((holder) => holder.touched),
  ];
}

/** The field by which a connection names its external address. */
export function addressField({ type }: Connection): 'externalAddress' | 'sourceAddress' {
  return type === 'nat' ? 'externalAddress' : 'sourceAddress';
}

/** Names a connection as seen from a routing domain. */
export function place({ domain, connection }: Holder, from: RoutingDomainId): string {
  const name = `connection ${connection.id}`;
  return domain === from ? name : `${name} of routing domain ${domain}`;
}

import { CustomerAddress, ProviderAddress } from '../../model/addresses.js';
import type { RewriteEntry } from '../../model/forwarding-table.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { Vsid } from '../../model/vsid.js';
import { isIpv4, type Ipv4 } from '../../net/ip.js';
import { NvgateError } from '../../errors.js';
import type { TableEntry } from '../kernel-object.js';
import { LAYOUT } from './layout.js';
import type { Fd } from './libbpf.js';
import { typedMap, type MapCodec } from './map.js';

/** The map of IP Rewrite (N13) as table entries of the model. */
export interface RewriteTable {
  /** As `Tables.observePieces`. */
  observePieces(wanted: (domain: RoutingDomainId) => boolean): Generator<TableEntry[]>;
  set(entry: RewriteEntry): void;
  delete(entry: RewriteEntry): void;
}

/**
 * @param domainIndex number of a routing domain in the maps; throws where it has none
 * @param domainOf the other way round
 */
export function createRewriteTable(
  map: Fd,
  domainIndex: (domain: RoutingDomainId) => number,
  domainOf: (index: number) => RoutingDomainId | undefined,
): RewriteTable {
  const rewrites = typedMap(map, rewriteCodec);

  function* observePieces(wanted: (domain: RoutingDomainId) => boolean): Generator<TableEntry[]> {
    const stale: Ipv4[] = [];
    for (const piece of rewrites.pieces()) {
      const found: TableEntry[] = [];
      for (const [address, value] of piece) {
        const routingDomain = domainOf(value.routingDomain);
        if (routingDomain === undefined) stale.push(address);
        else if (wanted(routingDomain))
          found.push({
            kind: 'rewrite',
            entry: {
              providerAddress: ProviderAddress(address),
              routingDomain,
              customerAddress: CustomerAddress(value.customerAddress),
              vsid: value.vsid as Vsid,
              local: value.local,
            },
          });
      }
      yield found;
    }
    for (const address of stale) rewrites.delete(address);
  }

  return {
    observePieces,
    set({ providerAddress, routingDomain, customerAddress, vsid, local }) {
      if (!isIpv4(customerAddress))
        throw new NvgateError('internal', 'An IPv6 address has no IPv4 address standing for it.');
      const value = { routingDomain: domainIndex(routingDomain), customerAddress, vsid, local };
      rewrites.set(providerAddress, value);
    },
    delete: ({ providerAddress }) => rewrites.delete(providerAddress),
  };
}

interface RewriteValue {
  readonly routingDomain: number;
  readonly customerAddress: Ipv4;
  readonly vsid: number;
  readonly local: boolean;
}

/** The key is the provider address. */
export const rewriteCodec: MapCodec<Ipv4, RewriteValue> = {
  name: 'rewrites',
  keySize: 4,
  valueSize: LAYOUT.rewrite.size,
  writeKey: (key, to, at) => to.writeUInt32BE(key, at),
  readKey: (from, at) => from.readUInt32BE(at) as Ipv4,
  writeValue: (value, to, at) => {
    const field = LAYOUT.rewrite.fields;
    to.writeUInt32LE(value.routingDomain, at + field.routing_domain);
    to.writeUInt32BE(value.customerAddress, at + field.customer_address);
    to.writeUInt32LE(value.vsid, at + field.vsid);
    to.writeUInt32LE(value.local ? 1 : 0, at + field.local);
  },
  readValue: (from, at) => {
    const field = LAYOUT.rewrite.fields;
    return {
      routingDomain: from.readUInt32LE(at + field.routing_domain),
      customerAddress: from.readUInt32BE(at + field.customer_address) as Ipv4,
      vsid: from.readUInt32LE(at + field.vsid),
      local: from.readUInt32LE(at + field.local) !== 0,
    };
  },
};

import { ipFromBytes, isIpv4, type IpAddress, type Ipv4 } from '../../net/ip.js';
import type { MacAddress } from '../../net/mac.js';
import {
  CUSTOMER_ROUTE_KIND,
  DOMAIN_IPV4,
  LAYOUT,
  LOOKUP_RECORD_LOCAL,
  LOOKUP_RECORD_NAT,
  LOOKUP_RECORD_ON_LINK,
} from './layout.js';
import type { MapCodec } from './map.js';

/*
 * Keys and values of the maps as numbers and addresses. A routing domain is the ifindex of its
 * vnet's peer here, an underlay device its ifindex: `tables.ts` knows whose they are.
 */

export interface DomainAddress {
  readonly routingDomain: number;
  readonly address: IpAddress;
}

export interface DomainPrefix extends DomainAddress {
  readonly prefixLength: number;
}

export interface VirtualSubnetValue {
  readonly routingDomain: number;
  readonly underlay: number;
  readonly providerAddress: Ipv4;
  readonly sourceMac: MacAddress;
  readonly gatewayMac: MacAddress;
  /** 0..32; 32: nobody is a neighbour */
  readonly onLinkLength: number;
  /** ifindex of the gateway's end of the `ext` pair; 0: no short way */
  readonly externalPeer: number;
  readonly external: number;
  readonly maxLength: number;
}

export interface LookupRecordValue {
  /** 0 for an address of the gateway itself that no PA stands for */
  readonly providerAddress: Ipv4;
  readonly macAddress: MacAddress;
  readonly local: boolean;
  readonly onLink: boolean;
  readonly nat: boolean;
  readonly vsid: number;
  /** Bytes of inner packet; 0: no limit of its own. */
  readonly maxLength: number;
}

export interface CustomerRouteValue {
  /** 0: on link without a wildcard, multicast, or external */
  readonly providerAddress: Ipv4;
  readonly macAddress: MacAddress;
  readonly kind: keyof typeof CUSTOMER_ROUTE_KIND;
  readonly vsid: number;
}

export interface ProviderPeerKey {
  readonly routingDomain: number;
  readonly providerAddress: Ipv4;
}

export interface ExternalEndValue {
  /** 0: its namespace has to see the packets */
  readonly routingDomain: number;
  readonly external: number;
}

export interface CounterKey {
  readonly vsid: number;
  readonly verdict: number;
}

export interface CounterValue {
  readonly packets: bigint;
  readonly bytes: bigint;
}

const ROUTE_KINDS = Object.entries(CUSTOMER_ROUTE_KIND) as [
  keyof typeof CUSTOMER_ROUTE_KIND,
  number,
][];

export const providerAddressCodec: MapCodec<Ipv4, true> = {
  name: 'provider_addresses',
  keySize: 4,
  valueSize: 4,
  writeKey: (key, to, at) => to.writeUInt32BE(key, at),
  writeValue: (_, to, at) => to.writeUInt32LE(1, at),
  readKey: (from, at) => from.readUInt32BE(at) as Ipv4,
  readValue: () => true,
};

export const virtualSubnetCodec: MapCodec<number, VirtualSubnetValue> = {
  name: 'virtual_subnets',
  keySize: 4,
  valueSize: LAYOUT.virtual_subnet.size,
  writeKey: (key, to, at) => to.writeUInt32LE(key, at),
  readKey: (from, at) => from.readUInt32LE(at),
  writeValue: (value, to, at) => {
    const field = LAYOUT.virtual_subnet.fields;
    to.writeUInt32LE(value.routingDomain, at + field.routing_domain);
    to.writeUInt32LE(value.underlay, at + field.underlay_ifindex);
    to.writeUInt32BE(value.providerAddress, at + field.provider_address);
    to.writeUIntBE(value.sourceMac, at + field.source_mac, 6);
    to.writeUIntBE(value.gatewayMac, at + field.gateway_mac, 6);
    to.writeUInt32BE(2 ** 32 - 2 ** (32 - value.onLinkLength), at + field.on_link_mask);
    to.writeUInt32LE(value.externalPeer, at + field.external_peer);
    to.writeUInt32LE(value.external, at + field.external_ifindex);
    to.writeUInt32LE(value.maxLength, at + field.max_length);
  },
  readValue: (from, at) => {
    const field = LAYOUT.virtual_subnet.fields;
    return {
      routingDomain: from.readUInt32LE(at + field.routing_domain),
      underlay: from.readUInt32LE(at + field.underlay_ifindex),
      providerAddress: from.readUInt32BE(at + field.provider_address) as Ipv4,
      sourceMac: from.readUIntBE(at + field.source_mac, 6) as MacAddress,
      gatewayMac: from.readUIntBE(at + field.gateway_mac, 6) as MacAddress,
      onLinkLength: 32 - Math.log2(2 ** 32 - from.readUInt32BE(at + field.on_link_mask)),
      externalPeer: from.readUInt32LE(at + field.external_peer),
      external: from.readUInt32LE(at + field.external_ifindex),
      maxLength: from.readUInt32LE(at + field.max_length),
    };
  },
};

export const lookupRecordCodec: MapCodec<DomainAddress, LookupRecordValue> = {
  name: 'lookup_records',
  keySize: LAYOUT.lookup_record_key.size,
  valueSize: LAYOUT.lookup_record.size,
  writeKey: (key, to, at) => writeDomainAddress(key, to, at),
  readKey: (from, at) => readDomainAddress(from, at),
  writeValue: (value, to, at) => {
    const field = LAYOUT.lookup_record.fields;
    const flags =
      (value.local ? LOOKUP_RECORD_LOCAL : 0) |
      (value.onLink ? LOOKUP_RECORD_ON_LINK : 0) |
      (value.nat ? LOOKUP_RECORD_NAT : 0);
    to.writeUInt32BE(value.providerAddress, at + field.provider_address);
    to.writeUIntBE(value.macAddress, at + field.mac, 6);
    to.writeUInt16LE(flags, at + field.flags);
    to.writeUInt32LE(value.vsid, at + field.vsid);
    to.writeUInt32LE(value.maxLength, at + field.max_length);
  },
  readValue: (from, at) => {
    const field = LAYOUT.lookup_record.fields;
    const flags = from.readUInt16LE(at + field.flags);
    return {
      providerAddress: from.readUInt32BE(at + field.provider_address) as Ipv4,
      macAddress: from.readUIntBE(at + field.mac, 6) as MacAddress,
      local: (flags & LOOKUP_RECORD_LOCAL) !== 0,
      onLink: (flags & LOOKUP_RECORD_ON_LINK) !== 0,
      nat: (flags & LOOKUP_RECORD_NAT) !== 0,
      vsid: from.readUInt32LE(at + field.vsid),
      maxLength: from.readUInt32LE(at + field.max_length),
    };
  },
};

/** The trie's prefix covers the routing domain (32 bits) and then the address. */
const DOMAIN_BITS = 32;

export const customerRouteCodec: MapCodec<DomainPrefix, CustomerRouteValue> = {
  name: 'customer_routes',
  keySize: LAYOUT.customer_route_key.size,
  valueSize: LAYOUT.customer_route.size,
  writeKey: (key, to, at) => {
    to.writeUInt32LE(DOMAIN_BITS + key.prefixLength, at);
    writeDomainAddress(key, to, at + LAYOUT.customer_route_key.fields.routing_domain);
  },
  readKey: (from, at) => ({
    ...readDomainAddress(from, at + LAYOUT.customer_route_key.fields.routing_domain),
    prefixLength: from.readUInt32LE(at) - DOMAIN_BITS,
  }),
  writeValue: (value, to, at) => {
    const field = LAYOUT.customer_route.fields;
    to.writeUInt32BE(value.providerAddress, at + field.provider_address);
    to.writeUIntBE(value.macAddress, at + field.mac, 6);
    to.writeUInt16LE(CUSTOMER_ROUTE_KIND[value.kind], at + field.target);
    to.writeUInt32LE(value.vsid, at + field.vsid);
  },
  readValue: (from, at) => {
    const field = LAYOUT.customer_route.fields;
    const kind = from.readUInt16LE(at + field.target);
    return {
      providerAddress: from.readUInt32BE(at + field.provider_address) as Ipv4,
      macAddress: from.readUIntBE(at + field.mac, 6) as MacAddress,
      kind: ROUTE_KINDS.find(([, number]) => number === kind)?.[0] ?? 'onLink',
      vsid: from.readUInt32LE(at + field.vsid),
    };
  },
};

export const providerPeerCodec: MapCodec<ProviderPeerKey, true> = {
  name: 'provider_peers',
  keySize: LAYOUT.provider_peer_key.size,
  valueSize: 4,
  writeKey: (key, to, at) => {
    const field = LAYOUT.provider_peer_key.fields;
    to.writeUInt32LE(key.routingDomain, at + field.routing_domain);
    to.writeUInt32BE(key.providerAddress, at + field.provider_address);
  },
  writeValue: (_, to, at) => to.writeUInt32LE(1, at),
  readKey: (from, at) => {
    const field = LAYOUT.provider_peer_key.fields;
    return {
      routingDomain: from.readUInt32LE(at + field.routing_domain),
      providerAddress: from.readUInt32BE(at + field.provider_address) as Ipv4,
    };
  },
  readValue: () => true,
};

/** By ifindex of the gateway's end of an `ext` pair. */
export const externalEndCodec: MapCodec<number, ExternalEndValue> = {
  name: 'external_ends',
  keySize: 4,
  valueSize: LAYOUT.external_end.size,
  writeKey: (key, to, at) => to.writeUInt32LE(key, at),
  readKey: (from, at) => from.readUInt32LE(at),
  writeValue: (value, to, at) => {
    const field = LAYOUT.external_end.fields;
    to.writeUInt32LE(value.routingDomain, at + field.routing_domain);
    to.writeUInt32LE(value.external, at + field.external_ifindex);
  },
  readValue: (from, at) => {
    const field = LAYOUT.external_end.fields;
    return {
      routingDomain: from.readUInt32LE(at + field.routing_domain),
      external: from.readUInt32LE(at + field.external_ifindex),
    };
  },
};

/** Per CPU: the value is the sum over `cpus` copies. */
export function counterCodec(cpus: number): MapCodec<CounterKey, CounterValue> {
  const field = LAYOUT.counter.fields;
  return {
    name: 'counters',
    keySize: LAYOUT.counter_key.size,
    valueSize: LAYOUT.counter.size,
    writeKey: (key, to, at) => {
      to.writeUInt32LE(key.vsid, at + LAYOUT.counter_key.fields.vsid);
      to.writeUInt32LE(key.verdict, at + LAYOUT.counter_key.fields.verdict);
    },
    readKey: (from, at) => ({
      vsid: from.readUInt32LE(at + LAYOUT.counter_key.fields.vsid),
      verdict: from.readUInt32LE(at + LAYOUT.counter_key.fields.verdict),
    }),
    writeValue: (value, to, at) => {
      to.writeBigUInt64LE(value.packets, at + field.packets);
      to.writeBigUInt64LE(value.bytes, at + field.bytes);
    },
    readValue: (from, at) => {
      let packets = 0n;
      let bytes = 0n;
      for (let cpu = 0; cpu < cpus; cpu++) {
        const copy = at + cpu * LAYOUT.counter.size;
        packets += from.readBigUInt64LE(copy + field.packets);
        bytes += from.readBigUInt64LE(copy + field.bytes);
      }
      return { packets, bytes };
    },
  };
}

/** An address behind a word that says whose it is (and its family); in maps.h a struct each. */
export function writeDomainAddress(key: DomainAddress, to: Buffer, at: number): void {
  const { address } = key;
  to.fill(0, at, at + 20);
  if (isIpv4(address)) {
    to.writeUInt32LE((key.routingDomain | DOMAIN_IPV4) >>> 0, at);
    to.writeUInt32BE(address, at + 4);
    return;
  }
  to.writeUInt32LE(key.routingDomain, at);
  to.writeBigUInt64BE(address >> 64n, at + 4);
  to.writeBigUInt64BE(address & 0xffffffffffffffffn, at + 12);
}

export function readDomainAddress(from: Buffer, at: number): DomainAddress {
  const domain = from.readUInt32LE(at);
  const family4 = domain >= DOMAIN_IPV4;
  return {
    routingDomain: family4 ? domain - DOMAIN_IPV4 : domain,
    address: ipFromBytes(from.subarray(at + 4, at + (family4 ? 8 : 20))),
  };
}

import { REPLICATION_MAX } from '../../model/forwarding-table.js';
import type { IpAddress, Ipv4 } from '../../net/ip.js';
import { readDomainAddress, writeDomainAddress } from './codecs.js';
import { LAYOUT } from './layout.js';
import type { MapCodec } from './map.js';

/* Keys and values of the maps of broadcast and multicast (N10), as in `codecs`. */

export interface SubnetPrefix {
  readonly vsid: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
}

export interface MulticastRouteValue {
  readonly routingDomain: number;
  /** 0: a copy to each host */
  readonly group: Ipv4;
}

export interface ProviderGroupKey {
  readonly vsid: number;
  readonly group: Ipv4;
}

export interface ReplicationValue {
  readonly routingDomain: number;
  readonly packetsPerSecond: number;
  readonly leftOut: number;
  readonly providerAddresses: readonly Ipv4[];
}

/** The trie's prefix covers the VSID (32 bits) and then the address. */
const VSID_BITS = 32;

export const multicastRouteCodec: MapCodec<SubnetPrefix, MulticastRouteValue> = {
  name: 'multicast_routes',
  keySize: LAYOUT.multicast_route_key.size,
  valueSize: LAYOUT.multicast_route.size,
  writeKey: ({ vsid, address, prefixLength }, to, at) => {
    const field = LAYOUT.multicast_route_key.fields;
    to.writeUInt32LE(VSID_BITS + prefixLength, at + field.prefix_length);
    writeDomainAddress({ routingDomain: vsid, address }, to, at + field.vsid);
  },
  readKey: (from, at) => {
    const field = LAYOUT.multicast_route_key.fields;
    const { routingDomain: vsid, address } = readDomainAddress(from, at + field.vsid);
    const prefixLength = from.readUInt32LE(at + field.prefix_length) - VSID_BITS;
    return { vsid, address, prefixLength };
  },
  writeValue: ({ routingDomain, group }, to, at) => {
    const field = LAYOUT.multicast_route.fields;
    to.writeUInt32LE(routingDomain, at + field.routing_domain);
    to.writeUInt32BE(group, at + field.group);
  },
  readValue: (from, at) => {
    const field = LAYOUT.multicast_route.fields;
    return {
      routingDomain: from.readUInt32LE(at + field.routing_domain),
      group: from.readUInt32BE(at + field.group) as Ipv4,
    };
  },
};

/** The value is the routing domain. */
export const providerGroupCodec: MapCodec<ProviderGroupKey, number> = {
  name: 'provider_groups',
  keySize: LAYOUT.provider_group_key.size,
  valueSize: 4,
  writeKey: ({ vsid, group }, to, at) => {
    const field = LAYOUT.provider_group_key.fields;
    to.writeUInt32LE(vsid, at + field.vsid);
    to.writeUInt32BE(group, at + field.group);
  },
  readKey: (from, at) => {
    const field = LAYOUT.provider_group_key.fields;
    return {
      vsid: from.readUInt32LE(at + field.vsid),
      group: from.readUInt32BE(at + field.group) as Ipv4,
    };
  },
  writeValue: (routingDomain, to, at) => to.writeUInt32LE(routingDomain, at),
  readValue: (from, at) => from.readUInt32LE(at),
};

/** The key is the VSID. */
export const replicationCodec: MapCodec<number, ReplicationValue> = {
  name: 'replications',
  keySize: 4,
  valueSize: LAYOUT.replication.size,
  writeKey: (key, to, at) => to.writeUInt32LE(key, at),
  readKey: (from, at) => from.readUInt32LE(at),
  writeValue: (value, to, at) => {
    const field = LAYOUT.replication.fields;
    to.fill(0, at, at + LAYOUT.replication.size);
    to.writeUInt32LE(value.routingDomain, at + field.routing_domain);
    to.writeUInt32LE(value.packetsPerSecond, at + field.packets_per_second);
    to.writeUInt32LE(value.providerAddresses.length, at + field.hosts);
    to.writeUInt32LE(value.leftOut, at + field.left_out);
    for (const [index, address] of value.providerAddresses.entries())
      to.writeUInt32BE(address, at + field.provider_address + 4 * index);
  },
  readValue: (from, at) => {
    const field = LAYOUT.replication.fields;
    // Whoever has written more: the packet path goes no further either.
    const hosts = Math.min(from.readUInt32LE(at + field.hosts), REPLICATION_MAX);
    return {
      routingDomain: from.readUInt32LE(at + field.routing_domain),
      packetsPerSecond: from.readUInt32LE(at + field.packets_per_second),
      leftOut: from.readUInt32LE(at + field.left_out),
      providerAddresses: Array.from(
        { length: hosts },
        (_, index) => from.readUInt32BE(at + field.provider_address + 4 * index) as Ipv4,
      ),
    };
  },
};

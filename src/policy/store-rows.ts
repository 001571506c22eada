import { CustomerAddress, type ProviderAddress } from '../model/addresses.js';
import type { CustomerRoute } from '../model/customer-route.js';
import type { LookupRecord, LookupRecordRule, LookupRecordType } from '../model/lookup-record.js';
import type { ProviderAddressRecord } from '../model/provider-address.js';
import type { ProviderRoute } from '../model/provider-route.js';
import type { RoutingDomainHead } from '../model/routing-domain.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { VirtualSubnet } from '../model/virtual-subnet.js';
import type { Vsid } from '../model/vsid.js';
import type { Ipv4 } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import {
  ipField,
  ipOf,
  prefixField,
  prefixOf,
  type IpField,
  type PrefixField,
} from './address-fields.js';

/*
 * How objects of the policy are written to the store: as lists of fields in a fixed order, numbers
 * where the model has numbers, 16 bytes for an IPv6 address, null for what is absent. Change one
 * only together with FORMAT_VERSION. Rows are read without a second look: only the store writes
 * them, what it wrote had been validated, and the sum of all rows shows that they are the same. Connections have files of their own.
 */
export const FORMAT_VERSION = 4;

/**
 * Format 1 had no remote connections, format 2 no sum of all rows, format 3 no clamping of segments.
 * Their rows are read as they are, and the next push makes them format 4.
 */
export const OLDEST_FORMAT_READ = 1;

export type Row = readonly unknown[];

const RULES = ['encap', 'nat'] as const satisfies readonly LookupRecordRule[];
const TYPES = [
  'static',
  'dynamic',
  'l2only',
  'gatewayWildcard',
] as const satisfies readonly LookupRecordType[];

export const providerAddressRow = {
  write: ({ address, prefixLength, interface: device }: ProviderAddressRecord): Row => [
    address,
    prefixLength,
    device,
  ],
  read(row: Row): ProviderAddressRecord {
    const [address, prefixLength, device] = row as [ProviderAddress, number, string];
    return { address, prefixLength, interface: device };
  },
};

export const providerRouteRow = {
  write: ({ destinationPrefix, nextHop, metric }: ProviderRoute): Row => [
    prefixField(destinationPrefix),
    nextHop,
    metric,
  ],
  read(row: Row): ProviderRoute {
    const [destination, nextHop, metric] = row as [PrefixField, Ipv4, number];
    return { destinationPrefix: prefixOf(destination), nextHop, metric };
  },
};

export const headRow = {
  write: ({ id, name, providerAddress }: RoutingDomainHead): Row => [
    id,
    name ?? null,
    providerAddress ?? null,
  ],
  read(row: Row): RoutingDomainHead {
    const [id, name, providerAddress] = row as [
      RoutingDomainId,
      string | null,
      ProviderAddress | null,
    ];
    return {
      id,
      ...(name !== null && { name }),
      ...(providerAddress !== null && { providerAddress }),
    };
  },
};

export const virtualSubnetRow = {
  write: ({ vsid, prefixes, gateway }: VirtualSubnet): Row => [
    vsid,
    prefixes.map(prefixField),
    gateway.address === undefined ? null : ipField(gateway.address),
    gateway.macAddress ?? null,
  ],
  read(row: Row): VirtualSubnet {
    const [vsid, prefixes, address, macAddress] = row as [
      Vsid,
      readonly PrefixField[],
      IpField | null,
      MacAddress | null,
    ];
    return {
      vsid,
      prefixes: prefixes.map(prefixOf),
      gateway: {
        ...(address !== null && { address: CustomerAddress(ipOf(address)) }),
        ...(macAddress !== null && { macAddress }),
      },
    };
  },
};

export const lookupRecordRow = {
  write: (record: LookupRecord): Row => [
    record.vsid,
    ipField(record.customerAddress),
    record.macAddress,
    record.providerAddress,
    RULES.indexOf(record.rule),
    TYPES.indexOf(record.type),
    record.vmName ?? null,
  ],
  read(row: Row): LookupRecord {
    const [vsid, customerAddress, macAddress, providerAddress, rule, type, vmName] = row as [
      Vsid,
      IpField,
      MacAddress,
      ProviderAddress,
      number,
      number,
      string | null,
    ];
    const record = {
      vsid,
      customerAddress: CustomerAddress(ipOf(customerAddress)),
      macAddress,
      providerAddress,
      rule: RULES[rule] ?? 'encap',
      type: TYPES[type] ?? 'static',
    };
    return vmName === null ? record : { ...record, vmName };
  },
};

export const customerRouteRow = {
  write: ({ vsid, destinationPrefix, nextHop, metric }: CustomerRoute): Row => [
    vsid,
    prefixField(destinationPrefix),
    ipField(nextHop),
    metric,
  ],
  read(row: Row): CustomerRoute {
    const [vsid, destination, nextHop, metric] = row as [Vsid, PrefixField, IpField, number];
    return { vsid, destinationPrefix: prefixOf(destination), nextHop: ipOf(nextHop), metric };
  },
};

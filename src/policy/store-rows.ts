import { CustomerAddress, type ProviderAddress } from '../model/addresses.js';
import type { Connection, ConnectionId, ConnectionRoute } from '../model/connection.js';
import type { CustomerRoute } from '../model/customer-route.js';
import type { LookupRecord, LookupRecordRule, LookupRecordType } from '../model/lookup-record.js';
import type { ProviderAddressRecord } from '../model/provider-address.js';
import type { ProviderRoute } from '../model/provider-route.js';
import type { RoutingDomainHead } from '../model/routing-domain.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { VirtualSubnet } from '../model/virtual-subnet.js';
import type { Vsid } from '../model/vsid.js';
import { ipFromBytes, ipToBytes, isIpv4, type IpAddress, type Ipv4 } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import type { Prefix } from '../net/prefix.js';

/*
 * How objects of the policy are written to the store: as lists of fields in a fixed order, numbers
 * where the model has numbers, 16 bytes for an IPv6 address, null for what is absent. Change one
 * only together with FORMAT_VERSION. Rows are read without a second look: only the store writes
 * them, and what it wrote had been validated.
 */
export const FORMAT_VERSION = 1;

export type Row = readonly unknown[];

type IpField = number | Uint8Array;
type PrefixField = readonly [IpField, number];

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

type RouteField = readonly [PrefixField, number];
type RuleField = readonly [string, 'tcp' | 'udp', number, IpField, number];

export const connectionRow = {
  write(connection: Connection): Row {
    const shared = [
      connection.type,
      connection.id,
      connection.interface ?? null,
      connection.routes.map((route) => [prefixField(route.destinationPrefix), route.metric]),
    ];
    if (connection.type === 'routed') return shared;
    const rules = connection.rules.map((rule) => [
      rule.name,
      rule.protocol,
      rule.externalPort,
      ipField(rule.internalAddress),
      rule.internalPort,
    ]);
    return [...shared, ipField(connection.externalAddress), rules];
  },
  read(row: Row): Connection {
    const [type, id, device, routeFields, external, ruleFields] = row as [
      Connection['type'],
      ConnectionId,
      string | null,
      readonly RouteField[],
      IpField,
      readonly RuleField[],
    ];
    const routes = routeFields.map(([destination, metric]): ConnectionRoute => ({
      destinationPrefix: prefixOf(destination),
      metric,
    }));
    const shared = { id, ...(device !== null && { interface: device }), routes };
    if (type === 'routed') return { type, ...shared };
    const rules = ruleFields.map(([name, protocol, externalPort, internal, internalPort]) => ({
      name,
      protocol,
      externalPort,
      internalAddress: CustomerAddress(ipOf(internal)),
      internalPort,
    }));
    return { type, ...shared, externalAddress: ipOf(external), rules };
  },
};

function ipField(address: IpAddress): IpField {
  return isIpv4(address) ? address : ipToBytes(address);
}

function ipOf(field: IpField): IpAddress {
  return typeof field === 'number' ? (field as Ipv4) : ipFromBytes(field);
}

function prefixField(prefix: Prefix): PrefixField {
  return [ipField(prefix.address), prefix.length];
}

function prefixOf([address, length]: PrefixField): Prefix {
  return { address: ipOf(address), length };
}

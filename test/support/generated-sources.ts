import { forwardingTables, type ForwardingEntries } from '../../src/forwarding/tables.js';
import { originOf } from '../../src/forwarding/source-check.js';
import type { ProviderAddress } from '../../src/model/addresses.js';
import type {
  ForwardingTables,
  LookupRecordEntry,
  VirtualSubnetEntry,
} from '../../src/model/forwarding-table.js';
import type { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { familyOf, parseIp, type IpAddress, type IpFamily } from '../../src/net/ip.js';
import type { MacAddress } from '../../src/net/mac.js';
import { onceIn, pick, type Choices } from './choices.js';
import { HOST_PAS } from './generated-tables.js';

/** Tables together with what a generator of packets wants to know of them. */
export interface World {
  readonly entries: ForwardingEntries;
  readonly tables: ForwardingTables;
  readonly domains: readonly DomainWorld[];
}

export interface DomainWorld {
  readonly id: RoutingDomainId;
  /** Those that the packet path has. */
  readonly subnets: readonly VirtualSubnetEntry[];
  readonly remote: readonly LookupRecordEntry[];
  readonly local: readonly LookupRecordEntry[];
}

/** A sender as the source check wants it. */
export interface Sender {
  readonly address: IpAddress;
  readonly providerAddress: ProviderAddress;
  readonly vsid: number;
  readonly mac: MacAddress;
}

export function worldOf(entries: ForwardingEntries): World {
  const ids = [...new Set(entries.virtualSubnets.map((subnet) => subnet.routingDomain))];
  return {
    entries,
    tables: forwardingTables(entries),
    domains: ids.map((id) => {
      const subnets = entries.virtualSubnets.filter((subnet) => subnet.routingDomain === id);
      const records = entries.lookupRecords.filter((record) => record.routingDomain === id);
      return {
        id,
        subnets,
        remote: records.filter((record) => !record.local),
        local: records.filter((record) => record.local),
      };
    }),
  };
}

/** Addresses that have no record: behind routers, under wildcards, outside. */
const WITHOUT_RECORD = {
  4: ['10.20.1.9', '10.20.30.9', '192.168.1.77', '192.168.2.77', '198.51.100.9', '0.0.0.0'],
  6: ['2001:db8:20::9', '2001:db8:1::77', '2001:db8:2::77', '2001:db8:ffff::9', 'fe80::9'],
} as const;

const MULTICAST = {
  4: ['224.0.0.251', '239.1.1.1', '255.255.255.255', '192.168.1.255'],
  6: ['ff02::fb', 'ff05::1:3'],
} as const;

const PARSED = {
  withoutRecord: { 4: WITHOUT_RECORD[4].map(parseIp), 6: WITHOUT_RECORD[6].map(parseIp) },
  multicast: { 4: MULTICAST[4].map(parseIp), 6: MULTICAST[6].map(parseIp) },
};

/** Mostly one that the source check takes. */
export function generateSender(
  choices: Choices,
  world: World,
  domain: DomainWorld,
  family: IpFamily,
): Sender {
  const records = domain.remote.filter((record) => familyOf(record.customerAddress) === family);
  const address = onceIn(choices, 4)
    ? pick(choices, PARSED.withoutRecord[family])
    : pick(choices, records).customerAddress;
  const origin = originOf(domain.id, address, world.tables);
  const subnet = pick(choices, domain.subnets);
  if (origin === undefined || origin === 'local')
    return {
      address,
      providerAddress: pick(choices, HOST_PAS),
      vsid: subnet.vsid,
      mac: subnet.gatewayMac,
    };
  // One in four comes from another subnet, routed by its host.
  const routed = onceIn(choices, 4);
  return {
    address,
    providerAddress: origin.providerAddress,
    vsid: routed ? subnet.vsid : origin.vsid,
    mac: routed ? subnet.gatewayMac : origin.macAddress,
  };
}

export function generateDestination(
  choices: Choices,
  domain: DomainWorld,
  family: IpFamily,
): IpAddress {
  const ofFamily = (records: readonly LookupRecordEntry[]): LookupRecordEntry[] =>
    records.filter((record) => familyOf(record.customerAddress) === family);
  switch (choices.below(8)) {
    case 0:
      return pick(choices, PARSED.multicast[family]);
    case 1:
      return pick(choices, ofFamily(domain.local)).customerAddress;
    case 2:
    case 3:
    case 4:
      return pick(choices, PARSED.withoutRecord[family]);
    default:
      return pick(choices, ofFamily(domain.remote)).customerAddress;
  }
}

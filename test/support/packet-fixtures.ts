import { readFileSync } from 'node:fs';
import { forwardingTables, type ForwardingEntries } from '../../src/forwarding/tables.js';
import type { Verdict, DropReason } from '../../src/forwarding/verdict.js';
import { CustomerAddress, ProviderAddress } from '../../src/model/addresses.js';
import type {
  ForwardingTables,
  LookupRecordEntry,
  RouteTarget,
  TunnelTarget,
} from '../../src/model/forwarding-table.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { Vsid } from '../../src/model/vsid.js';
import { parseIp, parseIpv4 } from '../../src/net/ip.js';
import { parseMac } from '../../src/net/mac.js';
import { parsePrefix } from '../../src/net/prefix.js';
import { rewriteOf } from './generated-tables.js';

/* The packets in test/fixtures/packets, written out byte by byte, and their tables. Read from the project's directory. */

export interface PacketFixture {
  readonly name: string;
  /** How the packet was made and why it fares as it does. */
  readonly recipe: string;
  readonly frame: Uint8Array;
  readonly expect: Expected;
}

export interface EncapFixture extends PacketFixture {
  readonly domain: RoutingDomainId;
  readonly flowHash: number;
}

export type Expected =
  | { readonly kind: 'pass' }
  | { readonly kind: 'dropped'; readonly reason: DropReason; readonly vsid: number }
  | {
      readonly kind: 'forwarded';
      readonly verdict: Verdict;
      readonly vsid: number;
      /** `domain <name>`, `underlay <device>` or `ingress`. */
      readonly out: string;
      readonly frame: Uint8Array;
    }
  | {
      readonly kind: 'replicated';
      readonly verdict: Verdict;
      readonly vsid: number;
      readonly out: string;
      readonly frames: readonly Uint8Array[];
      readonly leftOut: number;
    };

export interface PacketFixtures {
  readonly entries: ForwardingEntries;
  readonly tables: ForwardingTables;
  readonly domains: ReadonlyMap<string, RoutingDomainId>;
  readonly decap: readonly PacketFixture[];
  readonly encap: readonly EncapFixture[];
}

export function loadPacketFixtures(): PacketFixtures {
  const file = readJson('tables.json') as TablesFile;
  const domains = new Map(
    Object.entries(file.routingDomains).map(([name, id]) => [name, RoutingDomainId(id)]),
  );
  const domainOf = (name: string): RoutingDomainId => {
    const id = domains.get(name);
    if (id === undefined) throw new Error(`tables.json has no routing domain ${name}`);
    return id;
  };
  const packets = (name: string): PacketFile[] =>
    (readJson(name) as { packets: PacketFile[] }).packets;
  const entries = readEntries(file, domainOf);
  return {
    entries,
    tables: forwardingTables(entries),
    domains,
    decap: [
      'decap-forwarded.json',
      'decap-passed.json',
      'decap-dropped.json',
      'decap-rewritten.json',
    ]
      .flatMap(packets)
      .map(readPacket),
    encap: [
      'encap-forwarded.json',
      'encap-multicast.json',
      'encap-dropped.json',
      'encap-rewritten.json',
    ]
      .flatMap(packets)
      .map((packet) => ({
        ...readPacket(packet),
        domain: domainOf(packet.domain ?? ''),
        flowHash: Number(packet.flowHash),
      })),
  };
}

/** Header by header: hexadecimal digits, or one byte many times. */
type BytesFile = Record<string, string | { readonly repeat: string; readonly times: number }>;

interface PacketFile {
  readonly name: string;
  readonly recipe: string;
  readonly domain?: string;
  readonly flowHash?: string;
  readonly frame: BytesFile;
  readonly expect:
    | Exclude<Expected, { kind: 'forwarded' | 'replicated' }>
    | (Omit<Extract<Expected, { kind: 'replicated' }>, 'frames'> & {
        readonly frames: readonly BytesFile[];
      })
    | (Omit<Extract<Expected, { kind: 'forwarded' }>, 'frame'> & { readonly frame: BytesFile });
}

interface TargetFile {
  readonly macAddress?: string;
  readonly providerAddress?: string;
}

interface TablesFile {
  readonly routingDomains: Record<string, string>;
  readonly providerAddresses: readonly string[];
  readonly virtualSubnets: readonly {
    readonly vsid: number;
    readonly routingDomain: string;
    readonly providerAddress: string;
    readonly underlay: string;
    readonly sourceMac: string;
    readonly gatewayMac: string;
  }[];
  readonly lookupRecords: readonly {
    readonly routingDomain: string;
    readonly customerAddress: string;
    readonly vsid: number;
    readonly macAddress: string;
    readonly providerAddress?: string;
    readonly local?: boolean;
    readonly onLink?: boolean;
    readonly nat?: true;
  }[];
  readonly customerRoutes: readonly (TargetFile & {
    readonly routingDomain: string;
    readonly destinationPrefix: string;
    readonly vsid: number;
    readonly kind: RouteTarget['kind'];
  })[];
  readonly multicastRoutes: readonly {
    readonly routingDomain: string;
    readonly vsid: number;
    readonly destinationPrefix: string;
    readonly group?: string;
  }[];
  readonly replications: readonly {
    readonly routingDomain: string;
    readonly vsid: number;
    readonly providerAddresses: readonly string[];
    readonly leftOut: number;
  }[];
  readonly providerPeers: Record<string, readonly string[]>;
}

function readEntries(
  file: TablesFile,
  domainOf: (name: string) => RoutingDomainId,
): ForwardingEntries {
  const lookupRecords = readRecords(file, domainOf);
  return {
    providerAddresses: file.providerAddresses.map((text) => ({ address: provider(text) })),
    virtualSubnets: file.virtualSubnets.map((subnet) => ({
      vsid: Vsid(subnet.vsid),
      routingDomain: domainOf(subnet.routingDomain),
      providerAddress: provider(subnet.providerAddress),
      underlay: subnet.underlay,
      sourceMac: parseMac(subnet.sourceMac),
      gatewayMac: parseMac(subnet.gatewayMac),
    })),
    lookupRecords,
    customerRoutes: file.customerRoutes.map((route) => ({
      routingDomain: domainOf(route.routingDomain),
      destinationPrefix: parsePrefix(route.destinationPrefix),
      target: readTarget(route),
    })),
    multicastRoutes: file.multicastRoutes.map((route) => ({
      routingDomain: domainOf(route.routingDomain),
      vsid: Vsid(route.vsid),
      destinationPrefix: parsePrefix(route.destinationPrefix),
      group: route.group === undefined ? undefined : provider(route.group),
    })),
    rewrites: lookupRecords.flatMap(rewriteOf),
    providerGroups: file.multicastRoutes.flatMap(({ routingDomain, vsid, group }) =>
      group === undefined
        ? []
        : [{ routingDomain: domainOf(routingDomain), vsid: Vsid(vsid), group: provider(group) }],
    ),
    replications: file.replications.map((entry) => ({
      routingDomain: domainOf(entry.routingDomain),
      vsid: Vsid(entry.vsid),
      providerAddresses: entry.providerAddresses.map(provider),
      leftOut: entry.leftOut,
      packetsPerSecond: 1000,
    })),
    externalEnds: [],
    providerPeers: Object.entries(file.providerPeers).flatMap(([name, addresses]) =>
      addresses.map((text) => ({ routingDomain: domainOf(name), providerAddress: provider(text) })),
    ),
  };
}

function readTarget(route: TablesFile['customerRoutes'][number]): RouteTarget {
  const vsid = Vsid(route.vsid);
  switch (route.kind) {
    case 'onLink':
      return route.macAddress === undefined
        ? { kind: 'onLink', vsid }
        : { kind: 'onLink', vsid, wildcard: readTunnelTarget(route) };
    case 'router':
      return { kind: 'router', vsid, router: readTunnelTarget(route) };
    case 'multicast':
      return { kind: 'multicast', vsid };
  }
}

function readTunnelTarget(file: TargetFile): TunnelTarget {
  return {
    macAddress: parseMac(file.macAddress ?? ''),
    providerAddress: provider(file.providerAddress ?? ''),
  };
}

function readPacket(file: PacketFile): PacketFixture {
  return {
    name: file.name,
    recipe: file.recipe,
    frame: readBytes(file.frame),
    expect: readExpectation(file.expect),
  };
}

function readExpectation(expect: PacketFile['expect']): Expected {
  switch (expect.kind) {
    case 'forwarded':
      return { ...expect, frame: readBytes(expect.frame) };
    case 'replicated':
      return { ...expect, frames: expect.frames.map(readBytes) };
    case 'pass':
    case 'dropped':
      return expect;
  }
}

function readBytes(file: BytesFile): Uint8Array {
  return new Uint8Array(
    Buffer.concat(
      Object.values(file).map((part) =>
        typeof part === 'string'
          ? Buffer.from(part, 'hex')
          : Buffer.alloc(part.times, part.repeat, 'hex'),
      ),
    ),
  );
}

function provider(text: string): ProviderAddress {
  return ProviderAddress(parseIpv4(text));
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(`test/fixtures/packets/${name}`, 'utf8'));
}

function readRecords(
  file: TablesFile,
  domainOf: (name: string) => RoutingDomainId,
): LookupRecordEntry[] {
  return file.lookupRecords.map((record) => ({
    routingDomain: domainOf(record.routingDomain),
    customerAddress: CustomerAddress(parseIp(record.customerAddress)),
    vsid: Vsid(record.vsid),
    macAddress: parseMac(record.macAddress),
    providerAddress:
      record.providerAddress === undefined ? undefined : provider(record.providerAddress),
    local: record.local ?? false,
    onLink: record.onLink ?? false,
    ...(record.nat && { nat: true }),
  }));
}

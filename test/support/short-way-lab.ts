import { loadObject, type LoadedObject } from '../../src/dataplane/bpf/object.js';
import { createTables } from '../../src/dataplane/bpf/tables.js';
import type { ExternalEnd, GatewayRoutes } from '../../src/forwarding/gateway-routes.js';
import { forwardingTables } from '../../src/forwarding/tables.js';
import type { ForwardingTables } from '../../src/model/forwarding-table.js';
import type { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { addressBits, familyOf, parseIp, type IpAddress } from '../../src/net/ip.js';
import { macFromBytes, type MacAddress } from '../../src/net/mac.js';
import { parsePrefix, prefixContains, prefixFamily, type Prefix } from '../../src/net/prefix.js';
import { entriesOf } from '../fuzz/packets/chapter.js';
import type { GatewayRouteRow } from '../fuzz/sanitizer/gateway-routes.js';
import { inKernel, type Execution, type Surroundings } from './bpf-execution.js';
import type { TestRun } from './bpf-test-run.js';
import { mountBpf } from './bpf-mount.js';
import { foundCounters } from './differential.js';
import { createNamespace, ip, ipJson, setSysctls } from './namespace.js';
import { enterNamespace } from './network-namespace-thread.js';
import { LAB_BLUE, LAB_GREEN, LAB_RED, LAB_TABLES } from './short-way-tables.js';

/**
 * The short way on single packets, in a namespace with routes as the gateway's has: two external
 * devices, three routing domains' `ext` peers, an underlay, and what refuses.
 */
export interface ShortWayLab {
  readonly external: { readonly device: string; readonly macAddress: MacAddress };
  /** The gateway's end of green's `ext` pair. */
  readonly ext: { readonly routingDomain: RoutingDomainId; readonly macAddress: MacAddress };
  readonly tables: ForwardingTables;
  /** What the namespace's routes are, read from the list that they were made from. */
  readonly routes: GatewayRoutes;
  decap(frame: Uint8Array): TestRun;
  inbound(frame: Uint8Array): TestRun;
  /** From green. */
  outbound(frame: Uint8Array): TestRun;
  /** Lines as `foundCounters` has them, of what was counted since the last call. */
  takeCounters(): string[];
  close(): void;
}

const DEVICES = ['external', 'second', 'blue', 'red', 'green', 'underlay'] as const;
const MTU: Partial<Record<string, number>> = { red: 1400 };
const DEFAULT_MTU = 1500;

/** Addresses of the gateway itself. */
const OWN = {
  external: ['203.0.113.2/24', '2001:db8:ff::2/64'],
  second: ['198.51.100.2/24'],
  underlay: ['10.1.1.40/24'],
} as const;

/** Destination and device; `blackhole` has none. Transit addresses lead to a domain as well. */
const ROUTES = [
  ['203.0.113.10/32', 'blue'],
  ['192.168.1.0/24', 'blue'],
  ['203.0.113.30/32', 'green'],
  ['192.168.2.0/24', 'red'],
  ['169.254.7.7/32', 'red'],
  ['10.9.0.0/16', 'underlay'],
  ['198.18.0.0/15', 'blackhole'],
  ['100.64.0.0/10', 'second'],
  ['0.0.0.0/0', 'external'],
  ['fd00:1::/64', 'blue'],
  ['fd00:2::/64', 'red'],
  ['2001:db8:ff::30/128', 'green'],
  ['fd4e:5647:4154::7/128', 'red'],
  ['2001:db8:dead::/48', 'blackhole'],
  ['::/0', 'external'],
] as const;

const NEIGHBOURS = [
  ['203.0.113.1', 'external'],
  ['203.0.113.100', 'external'],
  ['198.51.100.1', 'second'],
  ['198.51.100.9', 'second'],
  ['2001:db8:ff::1', 'external'],
  ['2001:db8:ff::100', 'external'],
] as const;

const NEXT_HOPS: Partial<Record<string, string>> = {
  'external 4': '203.0.113.1',
  'external 6': '2001:db8:ff::1',
  'second 4': '198.51.100.1',
};

/**
 * Needs root. The calling thread lives in the namespace until `close`.
 * @param execute what runs the programs, if it is not the kernel that has loaded them
 */
export async function createShortWayLab(
  objectPath: string,
  execute: (object: LoadedObject, surroundings: Surroundings) => Execution = inKernel,
): Promise<ShortWayLab> {
  const namespace = await createNamespace('short-way-lab');
  await ip(
    namespace,
    ...DEVICES.flatMap((name) => [
      `link add ${name} type veth peer name ${name}-p`,
      `link set ${name}-p up`,
      `link set ${name} mtu ${MTU[name] ?? DEFAULT_MTU} up`,
    ]),
    ...Object.entries(OWN).flatMap(([device, addresses]) =>
      addresses.map((address) => `addr add ${address} dev ${device}`),
    ),
    ...ROUTES.map(([destination, device]) => {
      const family = prefixFamily(parsePrefix(destination));
      const hop = NEXT_HOPS[`${device} ${family}`];
      const target =
        device === 'blackhole'
          ? `blackhole ${destination}`
          : `${destination}${hop === undefined ? '' : ` via ${hop}`} dev ${device}`;
      return `route add ${target}`;
    }),
  );
  // Who is a neighbour is known: whom nobody knows is the kernel's to find.
  await ip(
    namespace,
    ...NEIGHBOURS.map(
      ([address, device]) => `neigh add ${address} lladdr 02:00:00:00:00:09 dev ${device}`,
    ),
  );
  await setSysctls(namespace, {
    'net/ipv4/ip_forward': '1',
    'net/ipv6/conf/all/forwarding': '1',
  });
  const links = (await ipJson(namespace, 'link')) as LinkRow[];
  const leave = enterNamespace(namespace.path);
  const mount = mountBpf();
  const object = loadObject({
    path: objectPath,
    pinDirectory: `${mount.path}/lab`,
    maxEntries: { lookup_records: 16, provider_peers: 16 },
  });
  const linkOf = (name: string): LinkRow => {
    const link = links.find(({ ifname }) => ifname === name);
    if (link === undefined) throw new Error(`no device ${name}`);
    return link;
  };
  const byName = (name: string): number => linkOf(name).ifindex;
  const extPeers = new Map([
    [LAB_BLUE, byName('blue')],
    [LAB_RED, byName('red')],
    [LAB_GREEN, byName('green')],
  ]);
  // Nothing is sent into a vnet here: any two numbers will do.
  const vnetPeers = new Map([
    [LAB_BLUE, 7001],
    [LAB_RED, 7002],
    [LAB_GREEN, 7003],
  ]);
  const tables = createTables(object.maps, {
    domainIndex: (domain) => vnetPeers.get(domain),
    domainOf: (ifindex) => keyOf(vnetPeers, ifindex),
    externalIndex: (domain) => extPeers.get(domain),
    externalOf: (ifindex) => keyOf(extPeers, ifindex),
    configuredIndex: byName,
    configuredOf: (ifindex) => links.find((link) => link.ifindex === ifindex)?.ifname,
  });
  tables.setAll(LAB_TABLES);
  const macOf = (device: string): MacAddress =>
    macFromBytes(Buffer.from(linkOf(device).address.replaceAll(':', ''), 'hex'));
  const macAddress = macOf('external');
  const ext = { routingDomain: LAB_GREEN, macAddress: macOf('green') };
  const execution = execute(object, {
    routes: routeRows(byName),
    macAddresses: new Map([
      [byName('external'), macAddress],
      [byName('green'), ext.macAddress],
    ]),
  });
  const underlayMac = Buffer.from(linkOf('underlay').address.replaceAll(':', ''), 'hex');

  return {
    external: { device: 'external', macAddress },
    ext,
    tables: forwardingTables(entriesOf(LAB_TABLES)),
    routes: gatewayRoutes,
    decap: (frame) => {
      const received = Uint8Array.from(frame);
      received.set(underlayMac);
      return execution.decap(received, byName('underlay'));
    },
    inbound: (frame) => execution.inbound(frame, byName('external')),
    outbound: (frame) => execution.outbound(frame, byName('green')),
    takeCounters: () => foundCounters(execution),
    close: () => {
      execution.close();
      object.close();
      mount.remove();
      leave();
      namespace.remove();
    },
  };
}

interface LinkRow {
  readonly ifname: string;
  readonly ifindex: number;
  readonly address: string;
}

function keyOf(map: ReadonlyMap<RoutingDomainId, number>, wanted: number) {
  return [...map].find(([, number]) => number === wanted)?.[0];
}

const ENDS: Readonly<Record<string, ExternalEnd>> = {
  external: { end: 'outside', device: 'external' },
  second: { end: 'outside', device: 'second' },
  blue: { end: 'domain', routingDomain: LAB_BLUE },
  red: { end: 'domain', routingDomain: LAB_RED },
  green: { end: 'domain', routingDomain: LAB_GREEN },
};

const TABLE: readonly (readonly [Prefix, string])[] = [
  ...Object.entries(OWN).flatMap(([device, addresses]) =>
    addresses.map((text) => [onLink(text), device] as const),
  ),
  ...ROUTES.map(([destination, device]) => [parsePrefix(destination), device] as const),
];
const REFUSED = Object.values(OWN).flat().flatMap(ownAddresses);

const gatewayRoutes: GatewayRoutes = (address) => {
  if (REFUSED.includes(address)) return undefined;
  const [best] = TABLE.filter(([prefix]) => familyOf(address) === prefixFamily(prefix))
    .filter(([prefix]) => prefixContains(prefix, address))
    .toSorted(([a], [b]) => b.length - a.length);
  if (best === undefined || best[1] === 'blackhole') return undefined;
  const device = best[1];
  return { leadsTo: ENDS[device] ?? 'elsewhere', mtu: MTU[device] ?? DEFAULT_MTU };
};

/** The same for who has no kernel to ask. Neighbours are known outside and nowhere else, as VMs have none. */
function routeRows(indexOf: (device: string) => number): GatewayRouteRow[] {
  const rows = TABLE.map(([destination, device]): GatewayRouteRow => {
    if (device === 'blackhole') return { destination, ifindex: 0, mtu: 0, result: 'blackhole' };
    return {
      ...{ destination, ifindex: indexOf(device), mtu: MTU[device] ?? DEFAULT_MTU },
      result: ENDS[device]?.end === 'domain' ? 'noNeighbour' : 'forwarded',
    };
  });
  const refused = REFUSED.map((address): GatewayRouteRow => {
    const destination = { address, length: addressBits(address) };
    return { destination, ifindex: 0, mtu: 0, result: 'notForwarded' };
  });
  return [...rows, ...refused];
}

function onLink(text: string): Prefix {
  const [address = '', length = ''] = text.split('/');
  return parsePrefix(
    address.includes(':')
      ? `${address.replace(/::.*$/, '::')}/${length}`
      : `${address.replace(/\.\d+$/, '.0')}/${length}`,
  );
}

/** The address, and the first and last of its prefix: broadcast, or anycast to all routers. */
function ownAddresses(text: string): IpAddress[] {
  const { address } = onLink(text);
  const own = parseIp(text.replace(/\/.*$/, ''));
  return typeof address === 'number'
    ? [own, address, parseIp(text.replace(/\.\d+\/.*$/, '.255'))]
    : [own, address];
}

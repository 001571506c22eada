import { externalEndCodec } from '../../src/dataplane/bpf/codecs.js';
import { readCounters } from '../../src/dataplane/bpf/counters.js';
import { typedMap } from '../../src/dataplane/bpf/map.js';
import { loadObject } from '../../src/dataplane/bpf/object.js';
import type { ExternalEnd, GatewayRoutes } from '../../src/forwarding/external.js';
import { verdictOf, type Verdict } from '../../src/forwarding/verdict.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { familyOf, parseIp, type IpAddress } from '../../src/net/ip.js';
import { macFromBytes } from '../../src/net/mac.js';
import { parsePrefix, prefixContains, prefixFamily, type Prefix } from '../../src/net/prefix.js';
import { testRunner, type TestRun } from './bpf-test-run.js';
import { mountBpf } from './bpf-mount.js';
import { createNamespace, ip, ipJson, setSysctls } from './namespace.js';
import { enterNamespace } from './network-namespace-thread.js';

/**
 * The programs of the external side on single packets, in a namespace with routes as the gateway's
 * has: two external devices, two routing domains' `ext` peers, an underlay, and what refuses.
 */
export interface ExternalLab {
  readonly ends: Readonly<Record<'external' | 'second' | 'blue' | 'red', ExternalEnd>>;
  /** What the namespace's routes are, read from the list that they were made from. */
  readonly routes: GatewayRoutes;
  run(frame: Uint8Array, from: keyof ExternalLab['ends']): TestRun;
  /** Packets with each verdict since the lab was made. */
  counted(verdict: Verdict): number;
  close(): void;
}

const DEVICES = ['external', 'second', 'blue', 'red', 'underlay'] as const;
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
  ['192.168.2.0/24', 'red'],
  ['169.254.7.7/32', 'red'],
  ['10.9.0.0/16', 'underlay'],
  ['198.18.0.0/15', 'blackhole'],
  ['100.64.0.0/10', 'second'],
  ['0.0.0.0/0', 'external'],
  ['fd00:1::/64', 'blue'],
  ['fd00:2::/64', 'red'],
  ['fd4e:5647:4154::7/128', 'red'],
  ['2001:db8:dead::/48', 'blackhole'],
  ['::/0', 'external'],
] as const;

const NEXT_HOPS: Partial<Record<string, string>> = {
  'external 4': '203.0.113.1',
  'external 6': '2001:db8:ff::1',
  'second 4': '198.51.100.1',
};

/** Needs root. The calling thread lives in the namespace until `close`. */
export async function createExternalLab(objectPath: string): Promise<ExternalLab> {
  const namespace = await createNamespace('external-lab');
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
  const end = (device: string, domain?: number): ExternalEnd => {
    const { ifindex, address } = linkOf(device);
    const macAddress = macFromBytes(Buffer.from(address.replaceAll(':', ''), 'hex'));
    const ends = typedMap(object.maps.external_ends, externalEndCodec);
    ends.set(ifindex, domain === undefined ? 'outside' : 'domain');
    return domain === undefined
      ? { end: 'outside', device, macAddress }
      : {
          end: 'domain',
          routingDomain: RoutingDomainId(`11111111-2222-3333-4444-00000000000${domain}`),
          macAddress,
        };
  };
  const ends = {
    ...{ external: end('external'), second: end('second') },
    ...{ blue: end('blue', 1), red: end('red', 2) },
  };
  const inbound = testRunner(object.programs.inbound);
  const outbound = testRunner(object.programs.outbound);

  return {
    ends,
    routes: routesOf(ends),
    run: (frame, from) => {
      const program = ends[from].end === 'outside' ? inbound : outbound;
      return program(frame, linkOf(from).ifindex);
    },
    counted: (verdict) =>
      readCounters(object.maps.counters)
        .filter((reading) => verdictOf(reading.verdict) === verdict)
        .reduce((sum, { packets }) => sum + Number(packets), 0),
    close: () => {
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

function routesOf(ends: ExternalLab['ends']): GatewayRoutes {
  const links = Object.entries(OWN).flatMap(([device, addresses]) =>
    addresses.map((text) => [onLink(text), device] as const),
  );
  const table: readonly (readonly [Prefix, string])[] = [
    ...links,
    ...ROUTES.map(([destination, device]) => [parsePrefix(destination), device] as const),
  ];
  const refused = Object.values(OWN).flat().flatMap(ownAddresses);
  return (address) => {
    if (refused.includes(address)) return undefined;
    const [best] = table
      .filter(([prefix]) => familyOf(address) === prefixFamily(prefix))
      .filter(([prefix]) => prefixContains(prefix, address))
      .toSorted(([a], [b]) => b.length - a.length);
    if (best === undefined || best[1] === 'blackhole') return undefined;
    const device = best[1];
    const leadsTo = Object.entries(ends).find(([name]) => name === device)?.[1] ?? 'elsewhere';
    return { leadsTo, mtu: MTU[device] ?? DEFAULT_MTU };
  };
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

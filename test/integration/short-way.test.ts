import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../../provider/schemas.js';
import { IpProtocol } from '../../src/codec/ip-protocol.js';
import { ip } from '../support/namespace.js';
import { ethernet, icmp, tcp, udp, type Payload, type PortOptions } from '../support/packets.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import {
  fromOutside,
  fromVm,
  vmPlace,
  type Traffic,
  type VmPlace,
} from '../support/raw-host-frames.js';
import { EXTERNAL, PROVIDER_ADDRESSES } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';
import { patched } from '../support/spoilt-packets.js';

/*
 * The short way is to change nothing that anybody can see: the same packets through two gateways,
 * one of which leaves all of them to the kernel, give the same frames on every wire.
 */

const [blue1, blue3] = [vmPlace('blue1'), vmPlace('blue3')];
/** Of the gateway's routes to the physical network: less than its devices have. BPF is told of locked ones only. */
const PATH_MTU = 1300;
const INNER_MTU = 1458;

interface Row {
  readonly name: string;
  readonly frames: Partial<Traffic>;
  /** What it is counted as where there is a short way; absent: it is for the kernel. */
  readonly short?: `${'externalIn' | 'externalOut'} ${number}`;
}

interface Family {
  readonly at: (vm: VmPlace) => string;
  readonly gateway: string;
  readonly outside: string;
  /** Behind the same router, without a limit of the route to it. */
  readonly far: string;
  readonly own: string;
  readonly natted: string;
  readonly nowhere: string;
  readonly special: readonly string[];
  readonly header: number;
}

const FAMILIES: readonly Family[] = [
  {
    at: ({ address }) => address,
    gateway: blue1.gateway,
    ...{ outside: EXTERNAL.physicalHost, far: '192.0.2.77', own: EXTERNAL.gateway },
    ...{ natted: EXTERNAL.natAddress, nowhere: '198.18.0.1' },
    special: ['0.0.0.0', '127.0.0.1', '169.254.7.7', '192.0.0.8', '240.0.0.1', '255.255.255.255'],
    header: 20,
  },
  {
    at: ({ address6 }) => address6,
    gateway: blue1.gateway6,
    ...{ outside: EXTERNAL.physicalHost6, far: '2001:db8:77::77', own: EXTERNAL.gateway6 },
    ...{ natted: EXTERNAL.natAddress6, nowhere: '2001:db8:dead::1' },
    special: ['::', '::1', '::ffff:10.1.1.1', 'fe80::7', 'ff0e::5', 'fd4e:5647:4154::7'],
    header: 40,
  },
];

function rowsOf(family: Family): Row[] {
  const { at, outside, far, own, natted, nowhere, header } = family;
  const version = header === 20 ? 'IPv4' : 'IPv6';
  const out = (name: string, inner: Payload, isShort = false, vm = blue1): Row => ({
    name: `${version}, out: ${name}`,
    frames: { underlay: [fromVm(vm, inner)] },
    ...(isShort ? { short: `externalOut ${vm.vsid}` as const } : {}),
  });
  const inward = (name: string, payload: Payload, short?: VmPlace): Row => ({
    name: `${version}, in: ${name}`,
    frames: { external: [fromOutside(payload)] },
    ...(short === undefined ? {} : { short: `externalIn ${short.vsid}` as const }),
  });
  const sized = (bytes: number, options: PortOptions): Payload =>
    udp({ ...options, data: new Uint8Array(bytes - header - 8) });
  const leaving = { from: at(blue1), to: outside };
  const coming = { from: outside, to: at(blue1) };
  return [
    out('UDP', udp(leaving), true),
    out('TCP', tcp(leaving), true),
    out('an echo request', icmp(leaving), true),
    out('from another subnet', udp({ from: at(blue3), to: outside }), true, blue3),
    out('by the default route', udp({ ...leaving, to: far }), true),
    out('a traffic class', udp({ ...leaving, trafficClass: 0xb9 }), true),
    ...[1, 2, 3].map((hopLimit) =>
      out(`hop limit ${hopLimit}`, udp({ ...leaving, hopLimit }), hopLimit > 2),
    ),
    out('as much as the route carries', sized(PATH_MTU, leaving), true),
    out('one byte more', sized(PATH_MTU + 1, leaving)),
    out('as much as a VM may send', sized(INNER_MTU, { ...leaving, to: far }), true),
    out('with padding behind it', patched(udp(leaving), { padding: 5 }), true),
    out('to the gateway', udp({ ...leaving, to: own })),
    out('to its own gateway address', udp({ ...leaving, to: family.gateway })),
    out('to an address of another routing domain', tcp({ ...leaving, to: natted })),
    out('where the gateway has no route', udp({ ...leaving, to: nowhere })),
    out('to a VM that is not there', udp({ ...leaving, to: at(blue1).replace(/101$/, '199') })),
    out('from an address of somebody else', udp({ ...leaving, from: far })),
    out('from the gateway’s address', udp({ ...leaving, from: own })),
    ...family.special.map((to) => out(`to ${to}`, udp({ ...leaving, to }))),
    ...family.special.map((from) => out(`from ${from}`, udp({ ...leaving, from }))),

    inward('UDP', udp(coming), blue1),
    inward('TCP', tcp(coming), blue1),
    inward('an echo request', icmp(coming), blue1),
    inward('to another subnet', udp({ ...coming, to: at(blue3) }), blue3),
    inward('a traffic class', udp({ ...coming, trafficClass: 0xb9 }), blue1),
    ...[1, 2, 3].map((hopLimit) =>
      inward(
        `hop limit ${hopLimit}`,
        udp({ ...coming, from: far, hopLimit }),
        hopLimit > 2 ? blue1 : undefined,
      ),
    ),
    inward('as much as a VM may get', sized(INNER_MTU, coming), blue1),
    inward('one byte more', sized(INNER_MTU + 1, coming)),
    inward('with padding behind it', patched(udp(coming), { padding: 18 }), blue1),
    inward('to the gateway address of a subnet', udp({ ...coming, to: family.gateway })),
    inward('to a VM that is not there', udp({ ...coming, to: at(blue1).replace(/101$/, '199') })),
    inward('to an address of another routing domain', tcp({ ...coming, to: natted })),
    inward('in the gateway’s name', udp({ ...coming, from: own })),
    inward('in the name of the VM itself', udp({ ...coming, from: at(blue1) })),
    inward('in the name of its gateway', udp({ ...coming, from: family.gateway })),
    inward('from where the gateway has no route', udp({ ...coming, from: nowhere })),
    ...family.special.map((from) => inward(`from ${from}`, udp({ ...coming, from }))),
    {
      name: `${version}, in: a frame for somebody else`,
      frames: {
        external: [ethernet({ destination: '02-00-00-00-00-77', payload: udp(coming) })],
      },
    },
  ];
}

const LEAVING = { from: blue1.address, to: EXTERNAL.physicalHost };
const COMING = { from: EXTERNAL.physicalHost, to: blue1.address };
const spoilt: readonly (readonly [string, Parameters<typeof patched>[1]])[] = [
  ['the first fragment', { fragmentWord: 0x2000 }],
  ['a later fragment', { fragmentWord: 0x0010 }],
  ['an option', { options: 1 }],
  ['a wrong checksum', { checksum: 0x1234 }],
  ['longer than it is', { totalLength: 100 }],
];
const SPOILT: readonly Row[] = [
  ...spoilt.flatMap(([name, how]) => [
    {
      name: `IPv4, out: ${name}`,
      frames: { underlay: [fromVm(blue1, patched(udp(LEAVING), how))] },
    },
    {
      name: `IPv4, in: ${name}`,
      frames: { external: [fromOutside(patched(udp(COMING), how))] },
    },
  ]),
  {
    name: 'IPv4, out: into the provider network',
    frames: { underlay: [fromVm(blue1, udp({ ...LEAVING, to: PROVIDER_ADDRESSES.host1 }))] },
  },
  {
    name: 'IPv4, in: into the provider network',
    frames: { external: [fromOutside(udp({ ...COMING, to: PROVIDER_ADDRESSES.host1 }))] },
  },
  ...[0, 1, 2, 3].map((ecn): Row => ({
    name: `IPv4, out: congestion on the underlay, ECN ${ecn} inside`,
    frames: {
      underlay: [fromVm(blue1, udp({ ...LEAVING, trafficClass: ecn }), { trafficClass: 3 })],
    },
    ...(ecn === 0 ? {} : { short: `externalOut ${blue1.vsid}` as const }),
  })),
];

const ROWS: readonly Row[] = [...FAMILIES.flatMap(rowsOf), ...SPOILT];

/** Blue has the default routes as well. */
function policy(): PolicyDocument {
  const document = scenePolicy({ ipv6: true });
  return {
    ...document,
    routingDomains: (document.routingDomains ?? []).map((domain) => ({
      ...domain,
      connections: (domain.connections ?? []).map((connection) =>
        connection.type === 'routed'
          ? {
              ...connection,
              routes: [
                ...connection.routes,
                ...['0.0.0.0/0', '::/0'].map((destinationPrefix) => ({
                  ...{ destinationPrefix, metric: 20 },
                })),
              ],
            }
          : connection,
      ),
    })),
  };
}

async function hostsWith(shortWay: boolean): Promise<RawHosts> {
  const hosts = await createRawHosts({ policy: policy(), settings: { shortWay } });
  const [physical, physical6] = [EXTERNAL.physicalPrefix, EXTERNAL.physicalPrefix6];
  await ip(
    hosts.wires.gateway,
    `route add ${physical} via ${EXTERNAL.host} mtu lock ${PATH_MTU}`,
    `route add ${physical6} via ${EXTERNAL.host6} mtu lock ${PATH_MTU}`,
    'route add unreachable 198.18.0.0/15',
    'route add unreachable 2001:db8:dead::/48',
  );
  return hosts;
}

/** Packets that took the short way since the gateway started, by verdict and VSID. */
async function taken({ gateway }: RawHosts): Promise<Record<string, number>> {
  const answer = JSON.parse(await gateway.nvgate(['counters', '-o', 'json'])) as {
    readonly counters: readonly { verdict: string; vsid: number; packets: number }[];
  };
  const short = answer.counters.filter(({ verdict }) => verdict.startsWith('external'));
  return Object.fromEntries(
    short.map(({ verdict, vsid, packets }) => [`${verdict} ${vsid}`, packets]),
  );
}

const UNDERLAY_OVERHEAD = 42;

/** Sorted; without what a kernel chooses as it likes in ICMP errors: identification and so checksum. */
function comparable(frames: readonly Uint8Array[], overhead: number): string[] {
  return frames
    .map((frame) => {
      const bytes = Uint8Array.from(frame);
      const header = 14 + overhead;
      if (bytes[header] === 0x45 && bytes[header + 9] === IpProtocol.icmp)
        for (const at of [4, 5, 10, 11]) bytes[header + at] = 0;
      return Buffer.from(bytes).toString('hex');
    })
    .toSorted();
}

describe('the short way', () => {
  let short: RawHosts;
  let long: RawHosts;

  beforeAll(async () => {
    short = await hostsWith(true);
    long = await hostsWith(false);
  });

  afterAll(async () => {
    await short.remove();
    await long.remove();
  });

  it.each(ROWS)('shows nobody the difference: $name', async ({ frames, short: isShort }) => {
    const [found, wanted] = [await short.pass(frames), await long.pass(frames)];
    const text = ({ underlay, external }: Traffic) => ({
      underlay: comparable(underlay, UNDERLAY_OVERHEAD),
      external: comparable(external, 0),
    });
    expect(text(found)).toEqual(text(wanted));
    if (isShort !== undefined)
      expect(isShort.startsWith('externalIn') ? found.underlay : found.external).toHaveLength(1);
  });

  it('has been taken by those packets that nobody but the packet path had to see', async () => {
    const wanted: Record<string, number> = {};
    for (const { short: verdict } of ROWS)
      if (verdict !== undefined) wanted[verdict] = (wanted[verdict] ?? 0) + 1;
    expect(await taken(short)).toEqual(wanted);
    expect(await taken(long)).toEqual({});
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IpProtocol } from '../../src/codec/ip-protocol.js';
import { ip } from '../support/namespace.js';
import {
  ethernet,
  icmp,
  icmpUnreachable,
  tcp,
  udp,
  type Payload,
  type PortOptions,
} from '../support/packets.js';
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
 * Past the gateway's own kernel nothing is to change that anybody can see: the same packets of a VM
 * network with NAT through two gateways, one of which leaves all of them to the kernel, give the same
 * frames on every wire.
 */

const [red1, red3] = [vmPlace('red1'), vmPlace('red3')];
/** Of the gateway's routes to the physical network: less than its devices have. */
const PATH_MTU = 1300;
const INNER_MTU = 1458;
const ACK = 0x10;

interface Row {
  readonly name: string;
  /** One after the other: the second answers the first. */
  readonly steps: readonly Partial<Traffic>[];
  /** Packets that are counted past the gateway's kernel. */
  readonly relayed?: { readonly in?: number; readonly out?: number };
}

interface Family {
  readonly at: (vm: VmPlace) => string;
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
    ...{ outside: EXTERNAL.physicalHost, far: '192.0.2.77', own: EXTERNAL.gateway },
    ...{ natted: EXTERNAL.natAddress, nowhere: '198.18.0.1' },
    special: ['0.0.0.0', '127.0.0.1', '169.254.7.7', '192.0.0.8', '240.0.0.1', '255.255.255.255'],
    header: 20,
  },
  {
    at: ({ address6 }) => address6,
    ...{ outside: EXTERNAL.physicalHost6, far: '2001:db8:77::77', own: EXTERNAL.gateway6 },
    ...{ natted: EXTERNAL.natAddress6, nowhere: '2001:db8:dead::1' },
    special: ['::', '::1', '::ffff:10.1.1.1', 'fe80::7', 'ff0e::5', 'fd4e:5647:4154::7'],
    header: 40,
  },
];

function rowsOf(family: Family): Row[] {
  const { at, outside, far, own, natted, nowhere, header } = family;
  const version = header === 20 ? 'IPv4' : 'IPv6';
  // Each its own flow.
  let port = 20_000;
  const flow = () => ({ fromPort: (port += 1), toPort: 7 });
  const leaving = () => ({ from: at(red1), to: outside, ...flow() });
  const sized = (bytes: number, options: PortOptions): Payload =>
    udp({ ...options, data: new Uint8Array(bytes - header - 8) });
  const out = (name: string, inner: Payload, relayed?: Row['relayed'], vm = red1): Row => ({
    name: `${version}, out: ${name}`,
    steps: [{ underlay: [fromVm(vm, inner)] }],
    ...(relayed === undefined ? {} : { relayed }),
  });
  const inward = (name: string, payload: Payload, relayed?: Row['relayed']): Row => ({
    name: `${version}, in: ${name}`,
    steps: [{ external: [fromOutside(payload)] }],
    ...(relayed === undefined ? {} : { relayed }),
  });
  /** A VM asks, and what comes back to where it seems to ask from. */
  const answered = (
    name: string,
    change: (answer: PortOptions) => Payload,
    { relayed = { in: 1, out: 1 }, to = outside }: Pick<Row, 'relayed'> & { to?: string } = {},
  ): Row => {
    const question = { ...leaving(), to };
    const answer = {
      ...{ from: to, to: natted, fromPort: question.toPort, toPort: question.fromPort },
    };
    return {
      name: `${version}, in: ${name}`,
      steps: [
        { underlay: [fromVm(red1, udp(question))] },
        { external: [fromOutside(change(answer))] },
      ],
      relayed,
    };
  };
  const published = { to: natted, toPort: EXTERNAL.publishedPort };

  return [
    out('UDP', udp(leaving()), { out: 1 }),
    out('TCP', tcp(leaving()), { out: 1 }),
    out('TCP of no connection, which is not translated', tcp({ ...leaving(), flags: 0x04 })),
    out('an echo request', icmp(leaving()), { out: 1 }),
    out('from another subnet', udp({ ...leaving(), from: at(red3) }), { out: 1 }, red3),
    out('a traffic class', udp({ ...leaving(), trafficClass: 0xb9 }), { out: 1 }),
    ...[1, 2, 3, 4].map((hopLimit) =>
      out(
        `hop limit ${hopLimit}`,
        udp({ ...leaving(), hopLimit }),
        // What would be left of them with the routing domain has to be more than two.
        hopLimit > 3 ? { out: 1 } : undefined,
      ),
    ),
    out('as much as the route carries', sized(PATH_MTU, leaving()), { out: 1 }),
    out('one byte more', sized(PATH_MTU + 1, leaving())),
    out('as much as a VM may send', sized(INNER_MTU, { ...leaving(), to: far }), { out: 1 }),
    out('with padding behind it', patched(udp(leaving()), { padding: 5 }), { out: 1 }),
    out('to the gateway', udp({ ...leaving(), to: own })),
    out('to its own external address', udp({ ...leaving(), to: natted })),
    out('where the gateway has no route', udp({ ...leaving(), to: nowhere })),
    ...family.special.map((to) => out(`to ${to}`, udp({ ...leaving(), to }))),

    answered('UDP', udp),
    answered('a traffic class', (answer) => udp({ ...answer, trafficClass: 0xb9 })),
    answered('hop limit 1', (answer) => udp({ ...answer, hopLimit: 1 }), { relayed: { out: 1 } }),
    answered(
      'hop limit 2, which ends in the routing domain',
      (answer) => udp({ ...answer, hopLimit: 2 }),
      { relayed: { out: 2 } },
    ),
    answered('hop limit 3', (answer) => udp({ ...answer, hopLimit: 3 })),
    answered('as much as a VM may get', (answer) => sized(INNER_MTU, answer), { to: far }),
    answered(
      'one byte more, which the routing domain refuses',
      (answer) => sized(INNER_MTU + 1, answer),
      { to: far, relayed: { in: 1, out: 2 } },
    ),
    answered('with padding behind it', (answer) => patched(udp(answer), { padding: 18 })),
    inward('TCP to a published port', tcp({ from: outside, fromPort: 3001, ...published }), {
      in: 1,
    }),
    {
      name: `${version}, in: TCP to a published port, and the answer`,
      steps: [
        { external: [fromOutside(tcp({ from: outside, fromPort: 3002, ...published }))] },
        {
          underlay: [
            fromVm(
              red1,
              tcp({
                ...{ from: at(red1), fromPort: 80, to: outside, toPort: 3002 },
                flags: 0x02 | ACK,
              }),
            ),
          ],
        },
      ],
      relayed: { in: 1, out: 1 },
    },
    inward(
      'an echo request, which the routing domain answers',
      icmp({ from: outside, to: natted }),
      {
        ...{ in: 1, out: 1 },
      },
    ),
    inward('to a port that nobody has', udp({ from: outside, to: natted, toPort: 99 }), {
      ...{ in: 1, out: 1 },
    }),
    inward('in the gateway’s name', udp({ from: own, ...published })),
    inward('in the name of the address itself', udp({ from: natted, ...published })),
    inward('in the name of a VM', udp({ from: at(red1), ...published })),
    inward('from where the gateway has no route', udp({ from: nowhere, ...published })),
    ...family.special.map((from) => inward(`from ${from}`, tcp({ from, ...published }))),
    {
      name: `${version}, in: a frame for somebody else`,
      steps: [
        {
          external: [
            ethernet({
              destination: '02-00-00-00-00-77',
              payload: tcp({ from: outside, fromPort: 3003, ...published }),
            }),
          ],
        },
      ],
    },
  ];
}

const LEAVING = { from: red1.address, to: EXTERNAL.physicalHost };
const COMING = {
  ...{ from: EXTERNAL.physicalHost, to: EXTERNAL.natAddress, toPort: EXTERNAL.publishedPort },
};
const QUESTION = { ...LEAVING, fromPort: 19_001, toPort: 7 };

const SPOILT: readonly Row[] = [
  ...(
    [
      ['a first fragment alone', { fragmentWord: 0x2000 }],
      ['a later fragment alone', { fragmentWord: 0x0010 }],
      ['an option', { options: 1 }],
      ['a wrong checksum', { checksum: 0x1234 }],
      ['longer than it is', { totalLength: 100 }],
    ] as const
  ).flatMap(([name, how], index) => [
    {
      name: `IPv4, out: ${name}`,
      steps: [
        { underlay: [fromVm(red1, patched(udp({ ...LEAVING, fromPort: 18_000 + index }), how))] },
      ],
    },
    {
      name: `IPv4, in: ${name}`,
      steps: [
        { external: [fromOutside(patched(tcp({ ...COMING, fromPort: 18_000 + index }), how))] },
      ],
    },
  ]),
  {
    name: 'IPv4, out: into the provider network',
    steps: [{ underlay: [fromVm(red1, udp({ ...LEAVING, to: PROVIDER_ADDRESSES.host1 }))] }],
  },
  {
    name: 'IPv4, in: what a router says of a packet that has left',
    steps: [
      { underlay: [fromVm(red1, udp(QUESTION))] },
      {
        external: [
          fromOutside(
            icmpUnreachable({
              ...{ from: '192.0.2.1', to: EXTERNAL.natAddress, code: 1 },
              returned: udp({ ...QUESTION, from: EXTERNAL.natAddress }).bytes,
            }),
          ),
        ],
      },
    ],
    relayed: { in: 1, out: 1 },
  },
];

const ROWS: readonly Row[] = [...FAMILIES.flatMap(rowsOf), ...SPOILT];

async function hostsWith(shortWay: boolean): Promise<RawHosts> {
  const policy = scenePolicy({ ipv6: true });
  const hosts = await createRawHosts({ policy, settings: { shortWay } });
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

/** Packets that went past the gateway's kernel since it started. */
async function relayed({ gateway }: RawHosts): Promise<Record<string, number>> {
  const answer = JSON.parse(await gateway.nvgate(['counters', '-o', 'json'])) as {
    readonly counters: readonly { verdict: string; vsid: number; packets: number }[];
  };
  const found = answer.counters.filter(({ verdict }) => verdict.startsWith('relayed'));
  return Object.fromEntries(
    found.map(({ verdict, vsid, packets }) => [`${verdict} ${vsid}`, packets]),
  );
}

const UNDERLAY_OVERHEAD = 42;

/** Sorted; without what a kernel chooses as it likes in ICMP messages: identification and so checksum. */
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

describe('past the gateway’s kernel, a VM network with NAT', () => {
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

  it.each(ROWS)('shows nobody the difference: $name', async ({ steps, relayed: wanted = {} }) => {
    const text = ({ underlay, external }: Traffic) => ({
      underlay: comparable(underlay, UNDERLAY_OVERHEAD),
      external: comparable(external, 0),
    });
    let left = 0;
    for (const frames of steps) {
      const found = await short.pass(frames);
      expect(text(found)).toEqual(text(await long.pass(frames)));
      left += found.external.length;
    }
    expect(left).toBeGreaterThanOrEqual(wanted.out ?? 0);
  });

  it('is what those packets have gone that its kernel need not see', async () => {
    const wanted = { 'relayedIn 0': 0, 'relayedOut 0': 0 };
    for (const { relayed: each = {} } of ROWS) {
      wanted['relayedIn 0'] += each.in ?? 0;
      wanted['relayedOut 0'] += each.out ?? 0;
    }
    expect(await relayed(short)).toEqual(wanted);
    expect(await relayed(long)).toEqual({});
  });
});

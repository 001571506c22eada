import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../../provider/schemas.js';
import { namespaceName } from '../../src/dataplane/linux/names.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { parseIp } from '../../src/net/ip.js';
import { formatMac, groupMac } from '../../src/net/mac.js';
import {
  copyTo,
  expected,
  membershipChanges,
  spread,
  toGroup,
  type MembershipChange,
} from '../support/multicast-lab.js';
import { foreignNamespace, ip, ipJson } from '../support/namespace.js';
import { arpRequest, ethernet, hex, udp, type Payload } from '../support/packets.js';
import { eventually, tryRun } from '../support/process.js';
import { createRawHosts, type LeavingFrame, type RawHosts } from '../support/raw-host.js';
import {
  addressesOf,
  between,
  fromVm,
  hexOf,
  innerPacket,
  toVm,
  underlayMac,
  vmPlace,
  vsidOf,
} from '../support/raw-host-frames.js';
import { TENANTS } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

const [blue1, blue2, blue3] = [vmPlace('blue1'), vmPlace('blue2'), vmPlace('blue3')];
const [red1, red2] = [vmPlace('red1'), vmPlace('red2')];
const BLUE = TENANTS.blue.routingDomain;
const RED = TENANTS.red.routingDomain;

const GROUP = '239.1.2.3';
const TO_GROUP = ['224.0.0.0/4', '255.255.255.255/32', '192.168.1.255/32', 'ff00::/8'];

/** Blue's first subnet has a PA multicast group; nobody else has. */
function policy(destinations: readonly string[] = TO_GROUP): PolicyDocument {
  const scene = scenePolicy({ ipv6: true });
  const [blue, ...others] = scene.routingDomains ?? [];
  if (blue === undefined) throw new Error('the scene has tenants');
  const routes = destinations.map((destinationPrefix) => ({
    ...{ vsid: blue1.vsid, destinationPrefix, nextHop: GROUP, metric: 10 },
  }));
  const customerRoutes = [...(blue.customerRoutes ?? []), ...routes];
  return { ...scene, routingDomains: [{ ...blue, customerRoutes }, ...others] };
}

/** Where the inner frame goes; the subnet's broadcast address is everybody's, too. */
function innerMac(to: string): string {
  const isBroadcast = to.endsWith('.255') && !to.startsWith('2');
  return formatMac(groupMac(parseIp(isBroadcast ? '255.255.255.255' : to)));
}

const leaving = (routingDomain: string, payload: Payload): LeavingFrame => ({
  ...{ routingDomain, frame: ethernet({ payload }) },
});

/** Link-local, routable, broadcast; of both families. */
const DESTINATIONS = [
  ...['224.0.0.251', '239.255.7.7', '255.255.255.255', '192.168.1.255'],
  ...['ff02::fb', 'ff05::1:3'],
] as const;

describe('N10: broadcast and multicast', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: policy() });
  });

  afterAll(() => hosts.remove());

  const isIpv6 = (address: string): boolean => address.includes(':');

  describe('of a routing domain', () => {
    beforeEach(() => hosts.counted());

    it.each(DESTINATIONS)('goes to the PA multicast group of the subnet: %s', async (to) => {
      const payload = udp({ from: isIpv6(to) ? blue1.gateway6 : blue1.gateway, to, hopLimit: 1 });
      const sent = await spread(hosts, {
        ...{ leaving: [leaving(BLUE, payload)], count: 1 },
        ...{ routingDomain: BLUE, witness: blue1 },
      });
      const frame = (flowId: number): Uint8Array =>
        toGroup(GROUP, {
          ...{ vsid: blue1.vsid, flowId, inner: payload },
          ...{ innerSource: blue1.gatewayMac, innerDestination: innerMac(to) },
        });
      expect(sent.map(hex)).toEqual(expected(sent, [frame]));
      expect(await hosts.counted()).toMatchObject({ 'groupEncapsulated 5001': 1 });
    });

    it.each(DESTINATIONS)('goes to each host of a subnet without a group: %s', async (to) => {
      const payload = udp({ from: isIpv6(to) ? red1.gateway6 : red1.gateway, to, hopLimit: 1 });
      const sent = await spread(hosts, {
        ...{ leaving: [leaving(RED, payload)], count: 2 },
        ...{ routingDomain: RED, witness: red1 },
      });
      expect(sent.map(hex)).toEqual(
        expected(sent, [copyTo(red1, payload, innerMac(to)), copyTo(red2, payload, innerMac(to))]),
      );
      expect(await hosts.counted()).toMatchObject({ 'copyEncapsulated 6001': 2 });
    });

    it('stays in the subnet that it comes from, and in its routing domain', async () => {
      const to = '224.0.0.251';
      // The same addresses in both tenants; 192.168.2.1 is the gateway of blue's second subnet.
      const first = udp({ from: '192.168.1.1', to });
      const second = udp({ from: '192.168.2.1', to });
      const sent = await spread(hosts, {
        leaving: [leaving(BLUE, first), leaving(RED, first), leaving(BLUE, second)],
        ...{ count: 4, routingDomain: BLUE, witness: blue1 },
      });
      expect(sent.map(vsidOf).sort()).toEqual([5001, 5002, 6001, 6001]);
      const ofSecond = sent.filter((frame) => vsidOf(frame) === 5002);
      expect(ofSecond.map(hex)).toEqual(expected(ofSecond, [copyTo(blue3, second, innerMac(to))]));
    });

    it('comes from its own kernel, whatever program has sent it', async () => {
      const { wires, gateway } = hosts;
      const namespace = foreignNamespace(namespaceName(gateway.instance, RoutingDomainId(BLUE)));
      wires.take();
      const came: string[] = [];
      for (const to of ['224.0.0.251', '255.255.255.255', 'ff05::1:3']) {
        const from = isIpv6(to) ? blue1.gateway6 : blue1.gateway;
        const options = ['-c', '1', '-W', '1', ...(isIpv6(to) ? [] : ['-b'])];
        const ping = await tryRun('ping', [...options, '-I', 'vnet', '-I', from, to], {
          namespace,
        });
        expect(ping.stdout).toContain('1 packets transmitted');
        await eventually(`the ping to ${to} has come`, () => {
          const frames = wires.take().underlay.filter((frame) => vsidOf(frame) === blue1.vsid);
          for (const frame of frames) came.push(addressesOf(innerPacket(frame)).join(' > '));
          return came.includes(`${from} > ${to}`) || undefined;
        });
      }
      expect(came).toHaveLength(3);
    });

    it('goes nowhere from elsewhere without a route for it, or to a broadcast address', async () => {
      const from = '192.168.101.10';
      const payloads = [
        udp({ from, to: '192.168.1.255' }),
        udp({ from, to: '192.168.2.255' }),
        udp({ from: '2001:db8:101::10', to: 'ff05::1:3' }),
      ];
      const sent = await spread(hosts, {
        leaving: [
          ...payloads.slice(0, 2).map((each) => leaving(BLUE, each)),
          ...payloads.slice(2).map((each) => leaving(RED, each)),
        ],
        ...{ count: 0, routingDomain: BLUE, witness: blue1 },
      });
      expect(sent.map(hex)).toEqual([]);
    });

    it('goes from elsewhere into the subnet that a customer route names', async () => {
      const payload = udp({ from: '192.168.101.10', to: '239.255.7.7', hopLimit: 20 });
      const sent = await spread(hosts, {
        ...{ leaving: [leaving(BLUE, payload)], count: 1 },
        ...{ routingDomain: BLUE, witness: blue1 },
      });
      const frame = (flowId: number): Uint8Array =>
        toGroup(GROUP, {
          ...{ vsid: blue1.vsid, flowId, inner: payload },
          ...{ innerSource: blue1.gatewayMac, innerDestination: innerMac('239.255.7.7') },
        });
      expect(sent.map(hex)).toEqual(expected(sent, [frame]));
    });
  });

  describe('of a VM', () => {
    beforeEach(() => hosts.counted());

    it.each(DESTINATIONS)(
      'ends at the gateway, never back to where it came from: %s',
      async (to) => {
        const payload = udp({ from: isIpv6(to) ? blue1.address6 : blue1.address, to });
        const inner = { innerDestination: innerMac(to) };
        const byGroup = between(
          underlayMac(blue1.providerAddress),
          formatMac(groupMac(parseIp(GROUP))),
          fromVm(blue1, payload, { ...inner, to: GROUP }),
        );
        const frames = [fromVm(blue1, payload, inner), byGroup];
        expect(hexOf(await hosts.pass({ underlay: frames }))).toEqual(hexOf({}));
        expect(await hosts.counted()).toEqual({ 'multicastHeard 5001': 2 });
      },
    );

    it('is not heard by the group of another subnet, nor with a VSID of somebody else', async () => {
      const payload = udp({ from: red1.address, to: '224.0.0.251' });
      const inner = { innerDestination: innerMac('224.0.0.251'), to: GROUP };
      const frames = [
        fromVm(red1, payload, inner),
        fromVm(red1, payload, { ...inner, vsid: 9999 }),
      ];
      expect(hexOf(await hosts.pass({ underlay: frames }))).toEqual(hexOf({}));
      expect(await hosts.counted()).toEqual({});
    });

    it('is a unicast packet no more when it comes by the group', async () => {
      const payload = udp({ from: blue1.address, to: blue3.address });
      const frames = [fromVm(blue1, payload, { to: GROUP })];
      expect(hexOf(await hosts.pass({ underlay: frames }))).toEqual(hexOf({}));
      expect(await hosts.counted()).toEqual({ 'groupUnicast 5001': 1 });
    });

    it('asks by the group for the gateway’s MAC and is answered from the gateway’s PA', async () => {
      const { mac, address, gateway, gatewayMac } = blue1;
      const question = arpRequest({ senderMac: mac, senderIp: address, targetIp: gateway });
      const answer = arpRequest({
        ...{ senderMac: gatewayMac, senderIp: gateway, targetIp: address, operation: 2 },
      });
      answer.bytes.set(Buffer.from(mac.replaceAll('-', ''), 'hex'), 18);
      const asked = fromVm(blue1, question, { to: GROUP, innerDestination: 'FF-FF-FF-FF-FF-FF' });
      const out = await hosts.pass({
        underlay: [
          between(underlayMac(blue1.providerAddress), formatMac(groupMac(parseIp(GROUP))), asked),
        ],
      });
      expect(hexOf(out)).toEqual(hexOf({ underlay: [toVm(blue1, answer)] }));
    });
  });

  it('follows the policy with the next packet: another host, no group any more', async () => {
    const payload = udp({ from: blue1.gateway, to: '224.0.0.251' });
    await hosts.gateway.apply(policy([]));
    const sent = await spread(hosts, {
      ...{ leaving: [leaving(BLUE, payload)], count: 2 },
      ...{ routingDomain: BLUE, witness: blue1 },
    });
    const mac = innerMac('224.0.0.251');
    expect(sent.map(hex)).toEqual(
      expected(sent, [copyTo(blue1, payload, mac), copyTo(blue2, payload, mac)]),
    );
  });
});

describe('N10: storms', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: policy(), settings: { multicastPacketsPerSecond: 2 } });
  });

  afterAll(() => hosts.remove());

  it('end at the limit, each subnet’s at its own, and unicast goes on', async () => {
    const storm = (routingDomain: string, from: string): LeavingFrame[] =>
      Array.from({ length: 300 }, () =>
        leaving(routingDomain, udp({ from, to: '255.255.255.255' })),
      );
    await hosts.counted();
    const blue = await spread(hosts, {
      ...{ leaving: storm(BLUE, blue1.gateway), count: 2, routingDomain: BLUE, witness: blue1 },
    });
    const red = await spread(hosts, {
      ...{ leaving: storm(RED, red1.gateway), count: 4, routingDomain: RED, witness: red1 },
    });
    const counted = await hosts.counted();
    expect(blue.length).toBeLessThan(150);
    expect(counted['groupEncapsulated 5001']).toBe(blue.length);
    expect(counted['multicastLimited 5001']).toBe(300 - blue.length);
    expect(counted['copyEncapsulated 6001']).toBe(red.length);
    expect(counted['multicastLimited 6001']).toBe(300 - red.length / 2);
  });
});

describe('N10: groups on the underlay', () => {
  let hosts: RawHosts;
  const seen: MembershipChange[] = [];

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: scenePolicy() });
  });

  afterAll(() => hosts.remove());

  const underlay = async (): Promise<string[]> => {
    const links = (await ipJson(hosts.wires.gateway, 'address', 'show', 'underlay')) as {
      addr_info: { local?: string }[];
    }[];
    return links.flatMap(({ addr_info }) => addr_info.map(({ local = '' }) => local)).sort();
  };

  const reported = (change: MembershipChange['change'], group: string): Promise<true> =>
    eventually(`the gateway reports: ${change} ${group}`, () => {
      seen.push(...membershipChanges(hosts.wires.take().underlay));
      return seen.some((each) => each.change === change && each.group === group) || undefined;
    });

  it('are joined when a route names them, and left when none does any more', async () => {
    await hosts.gateway.apply(policy());
    await reported('join', GROUP);
    expect(await underlay()).toEqual(['10.1.1.40', GROUP]);
    await hosts.gateway.apply(policy([]));
    await reported('leave', GROUP);
    expect(await underlay()).toEqual(['10.1.1.40']);
  });

  it('are kept through a restart, and those of others always', async () => {
    await ip(hosts.wires.gateway, 'address add 239.9.9.9/32 dev underlay autojoin');
    await hosts.gateway.apply(policy());
    seen.length = 0;
    await hosts.gateway.stop('SIGKILL');
    await hosts.gateway.start();
    await hosts.gateway.apply(policy());
    expect(await underlay()).toEqual(['10.1.1.40', GROUP, '239.9.9.9']);
    await hosts.gateway.apply(policy([]));
    await reported('leave', GROUP);
    // The first that was left is the one that nobody wants any more: the restart left none.
    expect(seen.filter(({ change }) => change === 'leave')[0]?.group).toBe(GROUP);
    expect(await underlay()).toEqual(['10.1.1.40', '239.9.9.9']);
  });

  it('come back when somebody has taken one away', async () => {
    await hosts.gateway.apply(policy());
    await ip(hosts.wires.gateway, `address del ${GROUP}/32 dev underlay`);
    await eventually(
      'the gateway is a member again',
      async () => (await underlay()).includes(GROUP) || undefined,
      30_000,
    );
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arpRequest, ethernet, icmpv6, neighbourSolicitation, udp } from '../support/packets.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import { digits, fromOutside, fromVm, hexOf, vmPlace } from '../support/raw-host-frames.js';
import { EXTERNAL, TENANTS } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

const [blue1, blue3] = [vmPlace('blue1'), vmPlace('blue3')];
const BROADCAST = 'FF-FF-FF-FF-FF-FF';
/** The policy gives the second subnet another gateway than its first host address. */
const SECOND_GATEWAY = '192.168.2.254';

function policy(): ReturnType<typeof scenePolicy> {
  const scene = scenePolicy({ ipv6: true });
  return {
    ...scene,
    routingDomains: (scene.routingDomains ?? []).map((domain) => ({
      ...domain,
      virtualSubnets: (domain.virtualSubnets ?? []).map((subnet) =>
        subnet.vsid === blue3.vsid
          ? { ...subnet, gateway: { ...subnet.gateway, address: SECOND_GATEWAY } }
          : subnet,
      ),
    })),
  };
}

/** A VM asks all of its subnet for an address. */
function request(
  vm: typeof blue1,
  targetIp: string,
  senderIp = vm.address,
  operation = 1,
): Uint8Array {
  return fromVm(vm, arpRequest({ senderMac: vm.mac, senderIp, targetIp, operation }), {
    innerDestination: BROADCAST,
    flowId: 0x5a,
  });
}

describe('N7: neighbours', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: policy() });
  });

  afterAll(() => hosts.remove());

  it('answers an ARP request for the gateway address to the host that asked', async () => {
    await hosts.counted();
    const out = await hosts.pass({ underlay: [request(blue1, blue1.gateway)] });
    expect(hexOf(out)).toEqual({
      underlay: [
        digits(
          '020000000020 020000000040 0800',
          '4500 0046 0000 4000 402f 244c 0a010128 0a010114',
          '2000 6558 001389 5a',
          '00155d011401 101010101001 0806',
          '0001 0800 06 04 0002 101010101001 c0a80101 00155d011401 c0a80165',
        ),
      ],
      external: [],
    });
    expect(await hosts.counted()).toEqual({ 'arpReplied 5001': 1 });
  });

  it('answers an ARP probe (RFC 5227), so that nobody takes the address', async () => {
    const out = await hosts.pass({ underlay: [request(blue1, blue1.gateway, '0.0.0.0')] });
    expect(hexOf(out)).toEqual({
      underlay: [
        digits(
          '020000000020 020000000040 0800',
          '4500 0046 0000 4000 402f 244c 0a010128 0a010114',
          '2000 6558 001389 5a',
          '00155d011401 101010101001 0806',
          '0001 0800 06 04 0002 101010101001 c0a80101 00155d011401 00000000',
        ),
      ],
      external: [],
    });
  });

  it('answers for the gateway address that the policy sets, and not for the default', async () => {
    const out = await hosts.pass({
      underlay: [request(blue3, blue3.gateway), request(blue3, SECOND_GATEWAY)],
    });
    expect(hexOf(out)).toEqual({
      underlay: [
        digits(
          '020000000030 020000000040 0800',
          '4500 0046 0000 4000 402f 2442 0a010128 0a01011e',
          '2000 6558 00138a 5a',
          '00155d02140b 101010101002 0806',
          '0001 0800 06 04 0002 101010101002 c0a802fe 00155d02140b c0a8020b',
        ),
      ],
      external: [],
    });
  });

  it.each([
    ['for another VM', request(blue1, '192.168.1.102')],
    ['for an address of nobody', request(blue1, '192.168.1.77')],
    ['for the gateway of another subnet', request(blue1, SECOND_GATEWAY)],
    ['about itself (gratuitous)', request(blue1, blue1.address)],
    ['as an answer', request(blue1, blue1.gateway, blue1.address, 2)],
  ])('does not answer ARP %s', async (_, frame) => {
    await hosts.counted();
    expect(hexOf(await hosts.pass({ underlay: [frame] }))).toEqual(hexOf({}));
    expect(await hosts.counted()).toEqual({ 'arpIgnored 5001': 1 });
  });

  it.each([
    ['the VM’s address', blue1.address6, 'fd000000000000010000000000000101', '6d79'],
    ['a link-local address', 'fe80::101', 'fe800000000000000000000000000101', '6bfa'],
  ])('answers a neighbour solicitation from %s', async (_, from, sender, checksum) => {
    await hosts.counted();
    const solicitation = neighbourSolicitation({
      ...{ from, target: blue1.gateway6, linkLayer: blue1.mac },
    });
    const frame = fromVm(blue1, solicitation, { innerDestination: '33-33-FF-00-00-01', flowId: 1 });
    expect(hexOf(await hosts.pass({ underlay: [frame] }))).toEqual({
      underlay: [
        digits(
          '020000000020 020000000040 0800',
          '4500 0072 0000 4000 402f 2420 0a010128 0a010114',
          '2000 6558 001389 01',
          '00155d011401 101010101001 86dd',
          `6000 0000 0020 3a ff fd000000000000010000000000000001 ${sender}`,
          `88 00 ${checksum} e0000000 fd000000000000010000000000000001 02 01 101010101001`,
        ),
      ],
      external: [],
    });
    expect(await hosts.counted()).toEqual({ 'neighbourAdvertised 5001': 1 });
  });

  it.each([
    [
      'a solicitation for another VM',
      neighbourSolicitation({
        ...{ from: blue1.address6, target: 'fd00:0:0:1::102', linkLayer: blue1.mac },
      }),
    ],
    [
      'a solicitation for the gateway of another subnet',
      neighbourSolicitation({
        ...{ from: blue1.address6, target: blue3.gateway6, linkLayer: blue1.mac },
      }),
    ],
    ['duplicate address detection', neighbourSolicitation({ from: '::', target: blue1.gateway6 })],
    [
      'a router solicitation',
      icmpv6({
        ...{ from: blue1.address6, to: 'ff02::2', hopLimit: 255 },
        ...{ type: 133, body: new Uint8Array(4) },
      }),
    ],
  ])('does not answer %s', async (_, packet) => {
    await hosts.counted();
    const frame = fromVm(blue1, packet, { innerDestination: '33-33-00-00-00-02' });
    expect(hexOf(await hosts.pass({ underlay: [frame] }))).toEqual(hexOf({}));
    expect(await hosts.counted()).toEqual({ 'neighbourIgnored 5001': 1 });
  });

  it('never asks the underlay for the address of a VM', async () => {
    const nobody = ['192.168.1.77', 'fd00:0:0:1::77'];
    const out = await hosts.pass({
      underlay: nobody.map((to) =>
        fromVm(blue3, udp({ from: to.includes(':') ? blue3.address6 : blue3.address, to })),
      ),
      external: nobody.map((to) =>
        fromOutside(
          udp({ from: to.includes(':') ? EXTERNAL.physicalHost6 : EXTERNAL.physicalHost, to }),
        ),
      ),
    });
    expect(hexOf(out)).toEqual(hexOf({}));
  });

  it('lets no broadcast of a routing domain’s own kernel out', async () => {
    await hosts.counted();
    const { routingDomain } = TENANTS.blue;
    const [senderMac, senderIp] = [blue1.gatewayMac, blue1.gateway];
    const payload = arpRequest({ senderMac, senderIp, targetIp: blue1.address });
    const frame = ethernet({ source: senderMac, destination: BROADCAST, payload });
    expect(hexOf(await hosts.pass({}, { routingDomain, frame }))).toEqual(hexOf({}));
    expect(await hosts.counted()).toEqual({ 'notIp 0': 1 });
  });
});

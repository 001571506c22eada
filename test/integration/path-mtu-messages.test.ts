import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayAnswer } from '../../provider/answer-schemas.js';
import { FAMILIES, icmpKind, mtuIn, type Family } from '../support/families.js';
import { tcp, udp, type Payload } from '../support/packets.js';
import { eventually } from '../support/process.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import {
  addressesOf,
  EXTERNAL_HOPS,
  flowIdOf,
  fromOutside,
  fromVm,
  hexOf,
  innerPacket,
  toVm,
  vmPlace,
  type VmPlace,
} from '../support/raw-host-frames.js';
import { EXTERNAL } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';
import { ROUTER, tooBigFor, type TooBigOptions } from '../support/underlay-router.js';

const [blue1, blue2] = [vmPlace('blue1'), vmPlace('blue2')];
const [blue3, red1] = [vmPlace('blue3'), vmPlace('red1')];
const OUTSIDE = EXTERNAL.physicalHost;
const PATH_MTU = 1400;
const LIMIT = PATH_MTU - 42;
const FULL = 1458;

/** A UDP packet of so many bytes, IP header included, DF set. */
function packetOf(
  bytes: number,
  options: { from: string; to: string; hopLimit?: number },
): Payload {
  const headers = options.from.includes(':') ? 48 : 28;
  return udp({ ...options, data: new Uint8Array(bytes - headers).fill(bytes % 251) });
}

describe('N9: what a router of the underlay says', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: scenePolicy({ ipv6: true }) });
  });

  afterAll(() => hosts.remove());

  const pathMtus = async (): Promise<GatewayAnswer['pathMtus']> =>
    (JSON.parse(await hosts.gateway.nvgate(['status', '-o', 'json'])) as GatewayAnswer).pathMtus;

  /** The IP packet that the outside gets in answer; undefined where the packet goes through. */
  const answerTo = async (packet: Payload): Promise<Buffer | undefined> => {
    const { external, underlay } = await hosts.pass({ external: [fromOutside(packet)] });
    expect(external.length + underlay.length).toBe(1);
    return external[0] === undefined ? undefined : Buffer.from(external[0]).subarray(14);
  };

  const untilAnswered = (packet: Payload): Promise<Buffer> =>
    eventually('the outside is told', () => answerTo(packet));

  it.each<[string, TooBigOptions]>([
    ['is below 576', { mtu: 575 }],
    ['is 0, as old routers say', { mtu: 0 }],
    ['is no smaller than the packet in question', { mtu: 1500 }],
    ['is not about size', { mtu: PATH_MTU, code: 3 }],
    ['is not for the gateway', { mtu: PATH_MTU, to: '10.1.1.41' }],
    ['is about a packet to nobody', { mtu: PATH_MTU, returned: { to: '10.9.9.9' } }],
    ['is about a packet of somebody else', { mtu: PATH_MTU, returned: { from: '10.1.1.30' } }],
    ['is about an unknown VSID', { mtu: PATH_MTU, returned: { vsid: 9999 } }],
    ['is about a packet that may be fragmented', { mtu: PATH_MTU, returned: { fragmentWord: 0 } }],
    ['is about GRE with a sequence number', { mtu: PATH_MTU, returned: { greFlags: 0x3000 } }],
    ['is about GRE of another kind', { mtu: PATH_MTU, returned: { greProtocol: 0x0800 } }],
    ['is about a frame of another MAC', { mtu: PATH_MTU, returned: { innerSource: blue3.mac } }],
    ['says too little of the packet', { mtu: PATH_MTU, returnedBytes: 27 }],
  ])('counts nothing that %s', async (_, options) => {
    await hosts.pass({ underlay: [tooBigFor(blue1, options)] });
    expect(await pathMtus()).toEqual([]);
    expect(await answerTo(packetOf(FULL, { from: OUTSIDE, to: blue1.address }))).toBeUndefined();
  });

  it('counts, however little of the packet in question it returns', async () => {
    await hosts.pass({ underlay: [tooBigFor(blue1, { mtu: PATH_MTU, returnedBytes: 28 })] });
    await untilAnswered(packetOf(LIMIT + 1, { from: OUTSIDE, to: blue1.address }));
  });

  describe.each(FAMILIES)('$name (N16)', (family) => {
    const { pick } = family;
    const at = (vm: VmPlace): string => pick(vm.address, vm.address6);
    const gatewayOf = (vm: VmPlace): string => pick(vm.gateway, vm.gateway6);
    const outside = pick(EXTERNAL.physicalHost, EXTERNAL.physicalHost6);

    it('is told to senders outside, from the subnet’s gateway', async () => {
      const packet = { from: outside, to: at(blue1) };
      const answer = await untilAnswered(packetOf(LIMIT + 1, packet));
      expectTooBig(family, answer, [gatewayOf(blue1), outside]);
      expect(await answerTo(packetOf(LIMIT, packet))).toBeUndefined();
    });

    it('counts in every VM network behind the host, through NAT as well', async () => {
      const far = pick(EXTERNAL.host, EXTERNAL.host6);
      const natAddress = pick(EXTERNAL.natAddress, EXTERNAL.natAddress6);
      const call = {
        ...{ from: far, fromPort: 44_001, to: natAddress, toPort: EXTERNAL.publishedPort },
      };
      await hosts.pass({ external: [fromOutside(tcp(call))] });
      const data = new Uint8Array(LIMIT + 1 - family.header - 20);
      expectTooBig(family, await answerTo(tcp({ ...call, data })), [natAddress, far]);
      expect(red1.providerAddress).toBe(blue1.providerAddress);
    });

    it('is told to the VM that sends from another host', async () => {
      const pair = { from: at(blue3), to: at(blue1) };
      const tooBig = await hosts.pass({ underlay: [fromVm(blue3, packetOf(LIMIT + 1, pair))] });
      expect(tooBig.external).toEqual([]);
      expect(tooBig.underlay).toHaveLength(1);
      expectTooBig(family, innerPacket(tooBig.underlay[0]), [gatewayOf(blue3), at(blue3)]);

      const fits = await hosts.pass({ underlay: [fromVm(blue3, packetOf(LIMIT, pair))] });
      expect(hexOf(fits)).toEqual(
        hexOf({ underlay: [toVm(blue1, packetOf(LIMIT, { ...pair, hopLimit: 63 }))] }),
      );
    });
  });

  it('leaves what goes to other hosts alone', async () => {
    const hopLimit = 64 - EXTERNAL_HOPS;
    const packet = { from: OUTSIDE, to: blue2.address };
    const out = await hosts.pass({ external: [fromOutside(packetOf(FULL, packet))] });
    const flowId = flowIdOf(out.underlay[0]);
    expect(hexOf(out)).toEqual(
      hexOf({ underlay: [toVm(blue2, packetOf(FULL, { ...packet, hopLimit }), { flowId })] }),
    );
  });

  it('is shown by status and trace', async () => {
    expect(await pathMtus()).toEqual([
      {
        ...{ providerAddress: blue1.providerAddress, mtu: PATH_MTU, innerMtu: LIMIT },
        ...{ router: ROUTER, learnedAt: expect.stringMatching(/Z$/) as unknown },
      },
    ]);
    expect(await hosts.gateway.nvgate(['status'])).toMatch(
      /^10\.1\.1\.20 +1400 +1358 +10\.1\.1\.9/m,
    );
    const trace = ['trace', '--vsid', String(blue3.vsid), '--from', blue3.address];
    expect(await hosts.gateway.nvgate([...trace, '--to', blue1.address])).toContain('1400 bytes');
  });

  it('is never raised by another word, only lowered', async () => {
    await hosts.pass({ underlay: [tooBigFor(blue1, { mtu: PATH_MTU + 50 })] });
    expect((await pathMtus()).map(({ mtu }) => mtu)).toEqual([PATH_MTU]);
    await hosts.pass({ underlay: [tooBigFor(blue1, { mtu: 1300 })] });
    await eventually('a smaller word counts', async () =>
      (await pathMtus())[0]?.mtu === 1300 ? true : undefined,
    );
    const answer = await untilAnswered(packetOf(1259, { from: OUTSIDE, to: blue1.address }));
    expect(answer.readUInt16BE(26)).toBe(1258);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('outlives the process (%s)', async (signal) => {
    const packet = packetOf(1259, { from: OUTSIDE, to: blue1.address });
    await hosts.gateway.stop(signal);
    expect(await answerTo(packet)).toBeDefined();
    await hosts.gateway.start();
    await eventually('the daemon has compared', async () => {
      const status = JSON.parse(
        await hosts.gateway.nvgate(['status', '-o', 'json']),
      ) as GatewayAnswer;
      return status.health === 'ok' || undefined;
    });
    expect(await answerTo(packet)).toBeDefined();
    expect((await pathMtus()).map(({ mtu }) => mtu)).toEqual([1300]);
  });

  it('counts what was said while no process listened', async () => {
    await hosts.gateway.stop();
    await hosts.pass({ underlay: [tooBigFor(blue1, { mtu: 1290 })] });
    await hosts.gateway.start();
    await eventually('it counts', async () =>
      (await pathMtus())[0]?.mtu === 1290 ? true : undefined,
    );
  });
});

/** @param ends of the ICMP message */
function expectTooBig(
  family: Family,
  answer: Buffer | undefined,
  ends: readonly [from: string, to: string],
): void {
  if (answer === undefined) throw new Error('no answer');
  expect(addressesOf(answer)).toEqual(ends);
  expect(icmpKind(family, answer)).toBe(family.icmp.tooBig);
  expect(mtuIn(family, answer)).toBe(LIMIT);
}

describe('N9: a path MTU that has become old', () => {
  it('is forgotten, and packets of full size are tried again', async () => {
    const hosts = await createRawHosts({
      policy: scenePolicy(),
      settings: { pathMtuSeconds: 3 },
    });
    try {
      const packet = fromOutside(packetOf(FULL, { from: OUTSIDE, to: blue1.address }));
      const pair = { from: blue3.address, to: blue1.address };
      await hosts.pass({ underlay: [tooBigFor(blue1, { mtu: PATH_MTU })] });
      await eventually('the outside is told', async () => {
        const { external } = await hosts.pass({ external: [packet] });
        return external.length === 1 || undefined;
      });
      await eventually('packets of full size go through again', async () => {
        const { underlay } = await hosts.pass({ external: [packet] });
        return underlay.length === 1 || undefined;
      });
      const out = await hosts.pass({ underlay: [fromVm(blue3, packetOf(FULL, pair))] });
      expect(hexOf(out)).toEqual(
        hexOf({ underlay: [toVm(blue1, packetOf(FULL, { ...pair, hopLimit: 63 }))] }),
      );
    } finally {
      await hosts.remove();
    }
  });
});

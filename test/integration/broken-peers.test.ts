import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayAnswer } from '../../provider/answer-schemas.js';
import { arpRequest, icmpUnreachable, udp } from '../support/packets.js';
import { eventually } from '../support/process.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import { fromVm, GATEWAY_PA, vmPlace } from '../support/raw-host-frames.js';
import { EXTERNAL } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

const [blue1, blue2] = [vmPlace('blue1'), vmPlace('blue2')];
const PACKET = udp({ from: blue1.address, to: EXTERNAL.physicalHost });

type Problem = GatewayAnswer['peerProblems'][number];

describe('N11: peers whose NVGRE is wrong', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: scenePolicy() });
  });

  afterAll(() => hosts.remove());

  const problems = async (): Promise<Problem[]> =>
    (JSON.parse(await hosts.gateway.nvgate(['status', '-o', 'json'])) as GatewayAnswer)
      .peerProblems;

  const packetsOf = async (peer: string, problem: string): Promise<number> =>
    (await problems()).find((each) => each.providerAddress === peer && each.problem === problem)
      ?.packets ?? 0;

  it('are none while all is right', async () => {
    await hosts.pass({
      underlay: [
        fromVm(blue1, PACKET),
        fromVm(
          blue1,
          arpRequest({ senderMac: blue1.mac, senderIp: blue1.address, targetIp: blue1.gateway }),
        ),
        // Not malformed: the gateway may hear of a subnet later than the host.
        fromVm(blue1, PACKET, { vsid: 9999 }),
        // Not for the gateway.
        fromVm(blue1, PACKET, { greFlags: 0, to: '10.1.1.99' }),
      ],
    });
    expect(await problems()).toEqual([]);
  });

  it.each([
    ['a header without a key', 'greKeyMissing', { greFlags: 0 }],
    ['a header with a checksum', 'greChecksum', { greFlags: 0xa000 }],
    ['a header with a sequence number', 'greSequence', { greFlags: 0x3000 }],
    ['reserved bits', 'greReserved', { greFlags: 0x2100 }],
    ['GRE of version 1', 'greVersion', { greFlags: 0x2001 }],
    ['a foreign protocol type', 'greProtocol', { greProtocol: 0x880b }],
    ['the VSID unshifted in the key', 'keyUnshifted', { vsid: 5001 >> 8, flowId: 5001 & 0xff }],
    ['a VSID that none may have', 'vsidReserved', { vsid: 4096 }],
    ['the VSID of messages, without one', 'vsidReserved', { vsid: 16_777_215 }],
    ['fragments', 'outerFragment', { fragmentWord: 0x2000 }],
  ])('%s: counted exactly, by sender', async (_, problem, options) => {
    const before = [
      await packetsOf(blue1.providerAddress, problem),
      await packetsOf(blue2.providerAddress, problem),
    ];
    const { underlay, external } = await hosts.pass({
      underlay: [
        ...Array.from({ length: 300 }, () => fromVm(blue1, PACKET, options)),
        ...Array.from({ length: 3 }, () => fromVm(blue2, PACKET, options)),
      ],
    });
    expect([underlay, external]).toEqual([[], []]);
    const after = [
      await packetsOf(blue1.providerAddress, problem),
      await packetsOf(blue2.providerAddress, problem),
    ];
    expect(after.map((count, at) => count - (before[at] ?? 0))).toEqual([300, 3]);
  });

  it('a host that refuses what the gateway sends', async () => {
    const refusal = icmpUnreachable({
      ...{ from: blue1.providerAddress, to: GATEWAY_PA, code: 10 },
      returned: new Uint8Array(28),
    });
    await hosts.pass({ underlay: [fromVm(blue1, refusal, { vsid: 16_777_215 })] });
    expect(await packetsOf(blue1.providerAddress, 'nvgreRefused')).toBe(1);
    expect(await hosts.gateway.nvgate(['status'])).toMatch(
      /^10\.1\.1\.20 +1 +\S+ +refuses the NVGRE .* install KB2779768/m,
    );
  });

  it('are told of by events, once a second at most however many packets come', async () => {
    const told = (): string[] =>
      hosts.gateway
        .log()
        .split('\n')
        .filter((line) => line.includes('"problem":"outerOptions"'));
    expect(told()).toEqual([]);
    const options = Uint8Array.from(fromVm(blue1, PACKET));
    options[14] = 0x46;
    await hosts.pass({ underlay: Array.from({ length: 500 }, () => options) });
    await eventually('the log tells of it', () => told().length > 0 || undefined);
    expect(await packetsOf(blue1.providerAddress, 'outerOptions')).toBe(500);
    expect(told().length).toBeLessThan(10);
    expect(told()[0]).toContain(
      `PA ${blue1.providerAddress} sends NVGRE in IPv4 packets with options`,
    );
  });

  it('stay known when the process ends', async () => {
    const before = await packetsOf(blue1.providerAddress, 'greKeyMissing');
    await hosts.gateway.stop('SIGKILL');
    await hosts.pass({ underlay: [fromVm(blue1, PACKET, { greFlags: 0 })] });
    await hosts.gateway.start();
    expect(await packetsOf(blue1.providerAddress, 'greKeyMissing')).toBe(before + 1);
  });
});

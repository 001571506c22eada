import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { lossesOf, NO_LOSSES, pingFrom, type Flood, type FloodReport } from '../support/flood.js';
import {
  createFloodLab,
  floodDomain,
  floodPolicy,
  floodVm,
  OUTSIDE,
  type FloodLab,
} from '../support/flood-lab.js';
import { buildGateway } from '../support/gateway-build.js';
import { runIn } from '../support/namespace.js';
import { eventually } from '../support/process.js';
import { cleanUp } from '../support/process-owner.js';
import { createController, type Controller } from '../support/provider-client.js';

/** Two VM networks with equal addresses, each with an external address of its own. */
const HOST = '10.1.1.20';
const VMS = [floodVm(5001, '192.168.1.101', HOST), floodVm(6001, '192.168.1.101', HOST)] as const;
const POLICY = floodPolicy(
  VMS.map((vm, index) =>
    floodDomain([vm], { id: 'internet', type: 'nat', externalAddress: `203.0.113.${10 + index}` }),
  ),
);
const SYNCHRONIZED = { waitSeconds: 60 };
const PACKETS_PER_SECOND = 1000;

/** For a machine that is busy: nothing here depends on how long it takes. */
const LONG = { timeout: 600_000 };

/** Never true: no packet has this mark. */
const MARKED = 'if (skb->mark == 0x76377637)\n\t\treturn TC_ACT_OK;\n\treturn';

/** Other instructions, the same maps. */
const OTHER_PROGRAM = {
  'src/dataplane/bpf/nvgate.bpf.c': [
    ['return decap_packet', `${MARKED} decap_packet`],
    ['return encap_packet', `${MARKED} encap_packet`],
  ],
} as const;

/** A record and a counter have one field more; where the other maps are is the same. */
const OTHER_LAYOUT = {
  'src/dataplane/bpf/maps.h': [
    ['__u32 max_length; /* of an inner packet sent', '__u32 reserved;\n\t__u32 max_length; /*'],
    ['__u64 packets;\n\t__u64 bytes;', '__u64 reserved;\n\t__u64 packets;\n\t__u64 bytes;'],
  ],
  'dist/src/dataplane/bpf/layout.js': [
    ['lookup_record: {\n        size: 20', 'lookup_record: {\n        size: 24'],
    ['vsid: 12, max_length: 16', 'vsid: 12, reserved: 16, max_length: 20'],
    [
      'counter: { size: 16, fields: { packets: 0, bytes: 8 }',
      'counter: { size: 24, fields: { reserved: 0, packets: 8, bytes: 16 }',
    ],
  ],
} as const;

/**
 * Both VMs ping the outside 1,000 times a second, and every answer is counted: by the receiver, and
 * by the gateway's own counters, which have to agree with it from the first packet to the last.
 */
describe('packets outlive the process, its build and its limits', LONG, () => {
  let lab: FloodLab;
  let controller: Controller;
  let otherProgram: string;
  let otherLayout: string;
  const sent = VMS.map(() => 0);

  beforeAll(async () => {
    lab = await createFloodLab([HOST]);
    otherProgram = await buildGateway('other-program', OTHER_PROGRAM);
    otherLayout = await buildGateway('other-layout', OTHER_LAYOUT);
    await lab.gateway.start();
    controller = createController(lab.namespace, lab.gateway);
    await controller.client.replacePolicy(POLICY, SYNCHRONIZED);
  }, 600_000);

  afterAll(cleanUp);

  let flood: Flood;
  beforeEach(async () => {
    flood = await lab.flood(
      VMS.map((vm) => pingFrom(vm, OUTSIDE)),
      PACKETS_PER_SECOND,
    );
  });

  // After a failure it would be in the way of the next one.
  afterEach(() => flood.stop());

  /** Ends the flood: nothing was lost, nothing came twice, and all of it was counted. */
  async function expectNothingLost(): Promise<void> {
    await flood.arrived(PACKETS_PER_SECOND / 2);
    const { flows } = await flood.stop();
    expect(flows.map(lossesOf)).toEqual(flows.map(() => NO_LOSSES));
    flows.forEach((flow, index) => (sent[index] = (sent[index] ?? 0) + flow.sentAt.length));
    for (const [index, { vsid }] of VMS.entries())
      expect(await counted(vsid)).toEqual({
        decapsulated: sent[index],
        encapsulated: sent[index],
      });
    expect(arrivedAt(flows)).toEqual([HOST]);
  }

  /** Packets of each verdict of the VM network. */
  async function counted(vsid: number): Promise<Record<string, number>> {
    const counters = await controller.client.counters();
    return Object.fromEntries(
      counters
        .filter((counter) => counter.vsid === vsid)
        .map(({ verdict, packets }) => [verdict, packets]),
    );
  }

  async function started(main?: string): Promise<void> {
    await lab.gateway.start({}, main);
    await eventually('the kernel is compared', async () => {
      const { revision, health, reconcile } = await controller.client.gateway();
      return health === 'ok' && reconcile.revision === revision ? true : undefined;
    });
  }

  async function restarted(main?: string): Promise<void> {
    await lab.gateway.stop();
    await started(main);
  }

  interface Attached {
    /** Of the program that was loaded, and of what it does. */
    readonly id: number;
    readonly tag: string;
  }

  /** Our program on the underlay device. */
  async function attached(): Promise<Attached> {
    const args = ['-j', 'filter', 'show', 'dev', 'underlay', 'ingress', 'pref', '7637'];
    const filters = JSON.parse(await runIn(lab.namespace, 'tc', args)) as {
      options?: { prog?: Attached };
    }[];
    const found = filters.find(({ options }) => options?.prog !== undefined)?.options?.prog;
    if (found === undefined) throw new Error(`no filter: ${JSON.stringify(filters)}`);
    return { id: found.id, tag: found.tag };
  }

  function config(): { bpfDirectory: string } {
    return parse(readFileSync(lab.gateway.configFile, 'utf8')) as { bpfDirectory: string };
  }

  function pins(): string[] {
    return readdirSync(join(config().bpfDirectory, lab.gateway.instance)).sort();
  }

  const mapOf = (pin: string): string => pin.replace(/-.*/, '');

  test('killed and started again', async () => {
    const before = [await attached(), pins()];
    await lab.gateway.stop('SIGKILL');
    await flood.arrived(PACKETS_PER_SECOND / 2);
    await started();
    await expectNothingLost();
    expect([await attached(), pins()]).toEqual(before);
  });

  test('restarted', async () => {
    const before = [await attached(), pins()];
    await restarted();
    await expectNothingLost();
    expect([await attached(), pins()]).toEqual(before);
  });

  test('100 full pushes of the same policy', async () => {
    const before = [await attached(), pins()];
    for (let push = 0; push < 100; push++) await controller.client.replacePolicy(POLICY);
    await controller.client.replacePolicy(POLICY, SYNCHRONIZED);
    await expectNothingLost();
    expect([await attached(), pins()]).toEqual(before);
  });

  test('a build with other programs, and back', async () => {
    const before = await attached();
    const maps = pins();
    await restarted(otherProgram);
    const other = await attached();
    expect(other.tag).not.toBe(before.tag);
    await restarted();
    expect((await attached()).tag).toBe(before.tag);
    await expectNothingLost();
    expect(pins()).toEqual(maps);
  });

  test('a build with other maps, and back', async () => {
    const before = pins();
    await restarted(otherLayout);
    const changed = pins().filter((pin) => !before.includes(pin));
    expect(changed.map(mapOf)).toEqual(['counters', 'lookup_records']);
    // The counters of before go on counting in what is told of them.
    expect(before.filter((pin) => !pins().includes(pin)).map(mapOf)).toEqual(['lookup_records']);
    await flood.arrived(PACKETS_PER_SECOND / 2);
    await restarted();
    await expectNothingLost();
    expect(pins().filter((pin) => mapOf(pin) !== 'counters')).toEqual(
      before.filter((pin) => mapOf(pin) !== 'counters'),
    );
  });

  test('killed while one build takes over from another, ten times', async () => {
    for (let kill = 0; kill < 10; kill++) {
      const main = kill % 2 === 0 ? otherLayout : undefined;
      await lab.gateway.stop('SIGKILL');
      // The tables are filled and the programs replaced once it serves.
      await lab.gateway.start({}, main);
    }
    await restarted();
    await expectNothingLost();
  });

  test('other limits, larger and smaller', async () => {
    const before = pins();
    const settings = config();
    for (const factor of [2, 1 / 2]) {
      const limits = { virtualSubnets: 4096 * factor, lookupRecords: 65_536 * factor };
      writeFileSync(lab.gateway.configFile, stringify({ ...settings, limits }));
      await restarted();
      expect(pins().map(mapOf)).toEqual(before.map(mapOf));
    }
    writeFileSync(lab.gateway.configFile, stringify(settings));
    await restarted();
    await expectNothingLost();
    expect(pins()).toEqual(before);
  });

  test('the pins are lost, and the gateway starts again', async () => {
    await lab.gateway.stop();
    await runIn(lab.namespace, 'rm', ['-r', join(config().bpfDirectory, lab.gateway.instance)]);
    await started();
    await flood.arrived(PACKETS_PER_SECOND / 2);
    const { flows } = await flood.stop();
    expect(flows.map(lossesOf)).toEqual(flows.map(() => NO_LOSSES));
  });
});

/** PAs that the packets were sent to. */
function arrivedAt(flows: FloodReport['flows']): string[] {
  const found = new Set(flows.flatMap(({ arrivals }) => arrivals.map(([, pa]) => pa)));
  return [...found].map((pa) => [24, 16, 8, 0].map((shift) => (pa >>> shift) & 255).join('.'));
}

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { lookupRecordCodec, providerPeerCodec } from '../../src/dataplane/bpf/codecs.js';
import { libbpf } from '../../src/dataplane/bpf/libbpf.js';
import { typedMap, type MapCodec, type TypedMap } from '../../src/dataplane/bpf/map.js';
import { formatIp, parseIpv4, type Ipv4 } from '../../src/net/ip.js';
import { datagramsTo, lossesOf, NO_LOSSES, type FloodReport } from '../support/flood.js';
import {
  createFloodLab,
  floodDomain,
  floodPolicy,
  floodVm,
  OUTSIDE,
  recordOf,
  type FloodLab,
} from '../support/flood-lab.js';
import { sleep } from '../support/process.js';
import { cleanUp } from '../support/process-owner.js';
import { createController, type Controller } from '../support/provider-client.js';
import type { VmPlace } from '../support/raw-host-frames.js';

/** NVGATE_MIGRATIONS asks for more; 10,000 are the full storm. */
const MIGRATIONS = Number(process.env['NVGATE_MIGRATIONS'] ?? 1000);
const PACKETS_PER_SECOND = 20;
const VMS_OF_EACH = 25;

const HOSTS = Array.from({ length: 8 }, (_, index) => `10.1.1.${20 + index}`);
const NETWORKS = [
  { vsid: 5001, network: '192.168.1' },
  { vsid: 6001, network: '192.168.2' },
];
const VM_NETWORKS: readonly (readonly VmPlace[])[] = NETWORKS.map(({ vsid, network }) =>
  Array.from({ length: VMS_OF_EACH }, (_, index) =>
    floodVm(vsid, `${network}.${100 + index}`, hostAt(index), index + 1),
  ),
);
const VMS = VM_NETWORKS.flat();
const POLICY = floodPolicy(
  VM_NETWORKS.map((vms) =>
    floodDomain(vms, {
      ...{ id: 'corp', type: 'routed' },
      routes: [{ destinationPrefix: '203.0.113.0/24' }],
    }),
  ),
);
const SYNCHRONIZED = { waitSeconds: 60 };

/** Where a VM was, from when somebody could know it: microseconds of CLOCK_MONOTONIC. */
interface Stay {
  readonly pa: number;
  /** When the change was pushed. */
  readonly from: number;
  /** When the next change was answered. */
  until: number;
}

/**
 * All VMs move from host to host as fast as the gateway follows, each as soon as its last move is in
 * the kernel, while the outside sends to each of them.
 */
describe('a storm of live migrations (P3)', { timeout: 1_200_000 }, () => {
  let lab: FloodLab;
  let controller: Controller;

  beforeAll(async () => {
    lab = await createFloodLab(HOSTS);
    await lab.gateway.start();
    controller = createController(lab.namespace, lab.gateway);
    await controller.client.replacePolicy(POLICY, SYNCHRONIZED);
  }, 300_000);

  afterAll(cleanUp);

  test(`${MIGRATIONS} of them: no packet is lost in the gateway, none goes where the VM is not`, async () => {
    const flood = await lab.flood(
      VMS.map((vm) => datagramsTo(vm, OUTSIDE)),
      PACKETS_PER_SECOND,
    );
    const stays = VMS.map((vm): Stay[] => [
      { pa: parseIpv4(vm.providerAddress), from: 0, until: Infinity },
    ]);
    const watching = watchTables();
    let left = MIGRATIONS;

    /** One VM, again and again. */
    async function wander(vm: VmPlace, at: Stay[], index: number): Promise<void> {
      for (let move = 1; left > 0; move++) {
        left -= 1;
        const providerAddress = hostAt(index + move);
        const stay: Stay = { pa: parseIpv4(providerAddress), from: now(), until: Infinity };
        const routingDomainId = domainOf(vm);
        await controller.client.changePolicy(
          [
            {
              ...{ op: 'upsert', kind: 'lookupRecord', routingDomainId },
              value: recordOf({ ...vm, providerAddress }),
            },
          ],
          SYNCHRONIZED,
        );
        const before = at.at(-1);
        if (before !== undefined) before.until = now();
        at.push(stay);
      }
    }

    const began = now();
    await Promise.all(VMS.map((vm, index) => wander(vm, stays[index] ?? [], index)));
    const seconds = (now() - began) / 1e6;
    await flood.arrived(PACKETS_PER_SECOND);
    const { flows } = await flood.stop();

    expect(flows.map(lossesOf)).toEqual(VMS.map(() => NO_LOSSES));
    expect(flows.flatMap((flow, index) => strays(flow, stays[index] ?? []))).toEqual([]);
    expect(await watching.stop()).toEqual([]);
    const late = flows.map((flow, index) => inFlight(flow, stays[index] ?? []));
    console.log(
      `${MIGRATIONS} migrations of ${VMS.length} VMs in ${seconds.toFixed(1)} s,`,
      `${flows.reduce((sum, { arrivals }) => sum + arrivals.length, 0)} packets,`,
      `${late.reduce((sum, count) => sum + count, 0)} to the host before while a change was under way,`,
      `${watching.looks()} looks at the tables`,
    );
  });

  interface Watch {
    looks(): number;
    /** What was wrong, in words. */
    stop(): Promise<string[]>;
  }

  /**
   * A PA is accepted before the first record names it and until no record does. As the two tables
   * cannot be read at one time, a record that is without its peer is read again: hosts come round so
   * slowly that it then names another one, if all is well.
   */
  function watchTables(): Watch {
    const records = openMap('lookup_records', lookupRecordCodec);
    const peers = openMap('provider_peers', providerPeerCodec);
    const faults: string[] = [];
    let looks = 0;
    let isOver = false;
    const watch = async (): Promise<void> => {
      while (!isOver) {
        looks += 1;
        for (const [key, { local, providerAddress }] of records.entries()) {
          if (local) continue;
          const peer = { routingDomain: key.routingDomain, providerAddress };
          if (peers.get(peer) !== undefined) continue;
          if (records.get(key)?.providerAddress === providerAddress)
            faults.push(`${formatIp(key.address)} at ${formatIp(providerAddress)}`);
        }
        await sleep(1);
      }
    };
    const ended = watch();
    return {
      looks: () => looks,
      stop: async () => {
        isOver = true;
        await ended;
        return faults;
      },
    };
  }

  function openMap<Key, Value>(name: string, codec: MapCodec<Key, Value>): TypedMap<Key, Value> {
    const { bpfDirectory } = parse(readFileSync(lab.gateway.configFile, 'utf8')) as {
      bpfDirectory: string;
    };
    const directory = join(bpfDirectory, lab.gateway.instance);
    const pin = readdirSync(directory).find((file) => file.startsWith(`${name}-`));
    return typedMap(libbpf().openPin(join(directory, pin ?? name)), codec);
  }
});

function hostAt(index: number): string {
  return HOSTS[index % HOSTS.length] ?? '';
}

function domainOf({ vsid }: VmPlace): string {
  const index = NETWORKS.findIndex((network) => network.vsid === vsid);
  return POLICY.routingDomains?.[index]?.id ?? '';
}

function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Packets that went to a PA where the VM was at no time between their sending and their arrival. */
function strays({ sentAt, arrivals }: FloodReport['flows'][number], stays: Stay[]): string[] {
  return arrivals.flatMap(([number, pa, time]) => {
    const sent = sentAt[number] ?? 0;
    const was = stays.some((stay) => stay.pa === pa && stay.from <= time && sent <= stay.until);
    return was ? [] : [`packet ${number} to ${formatIp(pa as Ipv4)}`];
  });
}

/** Packets that went to the old host after the change was pushed: what a VM that has left loses. */
function inFlight({ arrivals }: FloodReport['flows'][number], stays: Stay[]): number {
  return arrivals.filter(([, pa, time]) =>
    stays.some(
      (stay, index) =>
        stay.pa === pa && time > (stays[index + 1]?.from ?? Infinity) && time <= stay.until,
    ),
  ).length;
}

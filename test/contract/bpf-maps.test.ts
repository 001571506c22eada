import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { counterCodec } from '../../src/dataplane/bpf/codecs.js';
import { readCounters } from '../../src/dataplane/bpf/counters.js';
import { libbpf } from '../../src/dataplane/bpf/libbpf.js';
import { typedMap } from '../../src/dataplane/bpf/map.js';
import {
  loadObject,
  type LoadedObject,
  type ObjectOptions,
} from '../../src/dataplane/bpf/object.js';
import {
  createUnderlayMaps,
  pathMtuCodec,
  peerProblemCodec,
} from '../../src/dataplane/bpf/underlay-maps.js';
import { ProviderAddress } from '../../src/model/addresses.js';
import { parseIpv4 } from '../../src/net/ip.js';
import { mountBpf, type BpfMount } from '../support/bpf-mount.js';
import { cleanUp } from '../support/process-owner.js';

/* Maps of one layout after those of another, as programs that are replaced leave them. */

let mount: BpfMount;
beforeAll(() => {
  mount = mountBpf();
});
afterAll(cleanUp);

const SMALL = { counters: 64, path_mtus: 64, peer_problems: 64 };
const LARGE = { counters: 128, path_mtus: 128, peer_problems: 128 };

function load(directory: string, maxEntries: ObjectOptions['maxEntries']): LoadedObject {
  const pinDirectory = `${mount.path}/${directory}`;
  const policy = { lookup_records: 64, provider_peers: 64, virtual_subnets: 64 };
  const path = 'dist/bpf/nvgate.bpf.o';
  return loadObject({ path, pinDirectory, maxEntries: { ...policy, ...maxEntries } });
}

const PEER = ProviderAddress(parseIpv4('10.1.1.20'));
const OTHER = ProviderAddress(parseIpv4('10.1.1.30'));

/** As the packet path would, on the first CPU. */
function count({ maps }: LoadedObject, packets: bigint): void {
  const cpus = libbpf().possibleCpus();
  const key = { vsid: 5001, verdict: 1 };
  typedMap(maps.counters, counterCodec(cpus), cpus).set(key, { packets, bytes: packets * 100n });
}

function counted(object: LoadedObject): (readonly [packets: bigint, bytes: bigint])[] {
  return readCounters(object.maps.counters, object.earlier.counting.counters).map(
    ({ packets, bytes }) => [packets, bytes] as const,
  );
}

test('counters of all layouts are one sum, there and back, with no step to be interrupted', () => {
  const first = load('counters', SMALL);
  count(first, 7n);
  const second = load('counters', LARGE);
  expect(counted(second)).toEqual([[7n, 700n]]);
  // Programs of both run for a while.
  count(first, 8n);
  count(second, 30n);
  expect(counted(second)).toEqual([[38n, 3800n]]);
  second.earlier.drop();
  expect(counted(second)).toEqual([[38n, 3800n]]);
  const third = load('counters', SMALL);
  count(third, 9n);
  expect(counted(third)).toEqual([[39n, 3900n]]);
  for (const each of [first, second, third]) each.close();
});

test('problems of peers are one sum, at the time of the last', () => {
  const first = load('problems', SMALL);
  const note = ({ maps }: LoadedObject, packets: bigint, reported: bigint): void =>
    typedMap(maps.peer_problems, peerProblemCodec).set(
      { providerAddress: PEER, problem: 2 },
      { packets, reported },
    );
  const now = process.hrtime.bigint();
  note(first, 5n, now);
  const second = load('problems', LARGE);
  note(second, 6n, now - 3_600_000_000_000n);
  const [problem, ...more] = createUnderlayMaps(
    second.maps,
    second.earlier.counting.peer_problems,
  ).peerProblems();
  expect(problem).toMatchObject({ providerAddress: PEER, problem: 2, packets: 11n });
  expect(problem?.ageSeconds).toBeLessThan(3600);
  expect(more).toEqual([]);
  for (const each of [first, second]) each.close();
});

test('path MTUs are carried over, also those learned while both run; newer ones stay', () => {
  const first = load('mtus', SMALL);
  const learn = ({ maps }: LoadedObject, address: ProviderAddress, mtu: number): void =>
    typedMap(maps.path_mtus, pathMtuCodec).set(address, { learned: 1n, mtu, router: PEER });
  learn(first, PEER, 1400);
  const second = load('mtus', LARGE);
  const known = (): [ProviderAddress, number][] =>
    createUnderlayMaps(second.maps)
      .pathMtus()
      .map(({ providerAddress, mtu }) => [providerAddress, mtu]);
  expect(known()).toEqual([[PEER, 1400]]);
  learn(second, PEER, 1300);
  learn(first, OTHER, 1200);
  second.earlier.drop();
  expect(new Map(known())).toEqual(
    new Map([
      [PEER, 1300],
      [OTHER, 1200],
    ]),
  );
  for (const each of [first, second]) each.close();
});

test('maps of one layout are shared; of others the pins go, but for what has counted', () => {
  const pins = (): string[] => readdirSync(`${mount.path}/pins`).sort();
  const first = load('pins', SMALL);
  const before = pins();
  const again = load('pins', SMALL);
  expect(pins()).toEqual(before);
  expect(again.earlier.isNeeded()).toBe(false);
  const other = load('pins', { ...LARGE, lookup_records: 65 });
  const names = (of: string[]): string[] => of.map((pin) => pin.replace(/-.*/, ''));
  expect(names(pins().filter((pin) => !before.includes(pin)))).toEqual([
    ...['counters', 'lookup_records', 'path_mtus', 'peer_problems'],
  ]);
  expect(other.earlier.isNeeded()).toBe(true);
  other.earlier.drop();
  expect(other.earlier.isNeeded()).toBe(false);
  expect(names(before.filter((pin) => !pins().includes(pin)))).toEqual([
    ...['lookup_records', 'path_mtus'],
  ]);
  for (const each of [first, again, other]) each.close();
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  counterCodec,
  customerRouteCodec,
  externalEndCodec,
  lookupRecordCodec,
  providerAddressCodec,
  providerPeerCodec,
  virtualSubnetCodec,
} from '../../../src/dataplane/bpf/codecs.js';
import { readBatches, type MapCodec } from '../../../src/dataplane/bpf/map.js';
import type { MapName } from '../../../src/dataplane/bpf/map-names.js';
import {
  multicastRouteCodec,
  providerGroupCodec,
  replicationCodec,
} from '../../../src/dataplane/bpf/multicast-codecs.js';
import type { LoadedObject } from '../../../src/dataplane/bpf/object.js';
import { rewriteCodec } from '../../../src/dataplane/bpf/rewrite-table.js';
import { pathMtuCodec, peerProblemCodec } from '../../../src/dataplane/bpf/underlay-maps.js';
import type { Execution, Surroundings } from '../../support/bpf-execution.js';
import type { TestRun, TestRunner } from '../../support/bpf-test-run.js';
import { hex } from '../../support/packets.js';
import { atExit } from '../../support/process-owner.js';
import { buildSanitized, SOURCES } from './build.js';
import { circumstancesOf, strangerCircumstances } from './circumstances.js';
import { gatewayRouteBytes } from './gateway-routes.js';
import {
  SanitizerFinding,
  startSanitized,
  type Circumstances,
  type ProgramName,
} from './sanitized-process.js';

const TABLES = [
  providerAddressCodec,
  virtualSubnetCodec,
  lookupRecordCodec,
  customerRouteCodec,
  providerPeerCodec,
  externalEndCodec,
  rewriteCodec,
  providerGroupCodec,
  multicastRouteCodec,
  replicationCodec,
] as const;

/** What the programs write themselves, but for `ways`: what the kernel has answered it would answer again. */
const WRITTEN = ['counters', 'path_mtus', 'peer_problems', 'multicast_debts'] as const;

const ONE_CPU = 1;
const TABLE_PIECE = 256;
const TC_ACT_UNSPEC = -1;
const TC_ACT_SHOT = 2;
const TC_ACT_REDIRECT = 7;

/**
 * The programs under sanitizers, with the tables as they stand in the kernel, byte for byte. Some
 * packets are run once more in strange circumstances; of that nothing stays.
 * @param sources directory of the programs' source
 */
export function underSanitizers(
  sources = SOURCES,
): (object: LoadedObject, surroundings?: Surroundings) => Execution {
  return ({ maps }, surroundings) => {
    const directory = mkdtempSync(join(tmpdir(), 'nvgt-sanitized-'));
    const remove = (): void => rmSync(directory, { recursive: true, force: true });
    const forget = atExit(remove);
    const process = startSanitized(buildSanitized(directory, sources));
    process.fillMap('gateway_routes', gatewayRouteBytes(surroundings?.routes ?? []));
    let stale = true;

    const fillTables = (): void => {
      for (const codec of TABLES) process.fillMap(codec.name, tableBytes(maps, codec));
      process.fillMap('ways', new Uint8Array());
      stale = false;
    };
    const runner =
      (name: ProgramName): TestRunner =>
      (frame, ifindex, marks = {}) => {
        if (stale) fillTables();
        const own = surroundings?.macAddresses.get(ifindex);
        const circumstances = circumstancesOf(name, frame, ifindex, marks, own);
        const stranger = strangerCircumstances(circumstances, frame);
        if (stranger !== undefined) runAside(name, frame, stranger);
        return run(name, frame, circumstances);
      };
    const run = (name: ProgramName, frame: Uint8Array, circumstances: Circumstances): TestRun => {
      try {
        return process.run(name, frame, circumstances);
      } catch (error) {
        if (!(error instanceof SanitizerFinding)) throw error;
        throw new SanitizerFinding(`${error.message}\n${describe(name, frame, circumstances)}`);
      }
    };
    const runAside = (name: ProgramName, frame: Uint8Array, circumstances: Circumstances): void => {
      const before = WRITTEN.map((map) => [map, process.readMap(map)] as const);
      const { action } = run(name, frame, circumstances);
      for (const [map, pairs] of before) process.fillMap(map, pairs);
      if (![TC_ACT_UNSPEC, TC_ACT_SHOT, TC_ACT_REDIRECT].includes(action))
        throw new Error(`it returned ${action}: ${describe(name, frame, circumstances)}`);
    };
    const take = <Key, Value>(codec: MapCodec<Key, Value>): [Key, Value][] => {
      const bytes = process.readMap(codec.name);
      process.fillMap(codec.name, new Uint8Array());
      return pairsOf(bytes, codec);
    };

    return {
      decap: runner('decap'),
      encap: runner('encap'),
      inbound: runner('inbound'),
      outbound: runner('outbound'),
      tablesChanged: () => (stale = true),
      takePathMtus: () =>
        take(pathMtuCodec).map(([providerAddress, { mtu, router }]) => ({
          ...{ providerAddress, mtu, router, ageSeconds: 0 },
        })),
      takePeerProblems: () =>
        take(peerProblemCodec).map(([key, { packets }]) => ({ ...key, packets, ageSeconds: 0 })),
      takeCounters: () => take(counterCodec(ONE_CPU)).map(([key, value]) => ({ ...key, ...value })),
      close: () => {
        process.close();
        remove();
        forget();
      },
    };
  };
}

function describe(name: string, frame: Uint8Array, circumstances: Circumstances): string {
  return `${name} of the frame\n${hex(frame)}\n${JSON.stringify(circumstances)}`;
}

function tableBytes(
  maps: LoadedObject['maps'],
  codec: Pick<MapCodec<unknown, unknown>, 'name' | 'keySize' | 'valueSize'>,
): Buffer {
  const pieces: Buffer[] = [];
  const fd = maps[codec.name as MapName];
  for (const { keys, values, count } of readBatches(fd, codec, codec.valueSize, TABLE_PIECE))
    for (let index = 0; index < count; index += 1) {
      const value = values.subarray(index * codec.valueSize, (index + 1) * codec.valueSize);
      // Copied: the next batch is read into the same bytes.
      pieces.push(
        Buffer.concat([keys.subarray(index * codec.keySize, (index + 1) * codec.keySize), value]),
      );
    }
  return Buffer.concat(pieces);
}

function pairsOf<Key, Value>(bytes: Buffer, codec: MapCodec<Key, Value>): [Key, Value][] {
  const size = codec.keySize + codec.valueSize;
  return Array.from({ length: bytes.length / size }, (_, index) => [
    codec.readKey(bytes, index * size),
    codec.readValue(bytes, index * size + codec.keySize),
  ]);
}

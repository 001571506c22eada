import { ProviderAddress } from '../../model/addresses.js';
import type { Ipv4 } from '../../net/ip.js';
import type { PathMtuReading, PeerProblemReading } from '../port.js';
import { earlierEntries, type EarlierMap } from './earlier-maps.js';
import { LAYOUT } from './layout.js';
import { typedMap, type MapCodec } from './map.js';
import type { LoadedObject } from './object.js';

/** What the packet path has found out about the underlay and its peers. */
export interface UnderlayMaps {
  pathMtus(): PathMtuReading[];
  forgetPathMtu(address: ProviderAddress): void;
  peerProblems(): PeerProblemReading[];
}

export function createUnderlayMaps(
  maps: Pick<LoadedObject['maps'], 'path_mtus' | 'peer_problems'>,
  earlierProblems: readonly EarlierMap[] = [],
): UnderlayMaps {
  const pathMtus = typedMap(maps.path_mtus, pathMtuCodec);
  const peerProblems = typedMap(maps.peer_problems, peerProblemCodec);
  return {
    pathMtus: () =>
      pathMtus.entries().map(([providerAddress, { learned, mtu, router }]) => ({
        ...{ providerAddress, mtu, router },
        ageSeconds: secondsSince(learned),
      })),
    forgetPathMtu: (address) => pathMtus.delete(address),
    peerProblems: () =>
      addedUp([
        ...peerProblems.entries(),
        ...earlierProblems.flatMap((each) => earlierEntries(each, peerProblemCodec)),
      ]).map(({ reported, ...problem }) => ({ ...problem, ageSeconds: secondsSince(reported) })),
  };
}

/** What several maps have counted of one peer and problem. */
function addedUp(
  entries: readonly (readonly [PeerProblemKey, PeerProblemValue])[],
): (PeerProblemKey & PeerProblemValue)[] {
  const sums = new Map<string, PeerProblemKey & PeerProblemValue>();
  for (const [key, { packets, reported }] of entries) {
    const text = `${key.providerAddress} ${key.problem}`;
    const sum = sums.get(text) ?? { ...key, packets: 0n, reported: 0n };
    sums.set(text, {
      ...key,
      packets: sum.packets + packets,
      reported: sum.reported > reported ? sum.reported : reported,
    });
  }
  return [...sums.values()];
}

/** bpf_ktime_get_ns and hrtime are both CLOCK_MONOTONIC. */
function secondsSince(time: bigint): number {
  return Math.max(0, Number(process.hrtime.bigint() - time) / 1e9);
}

interface PathMtuValue {
  /** Nanoseconds of CLOCK_MONOTONIC. */
  readonly learned: bigint;
  readonly mtu: number;
  readonly router: Ipv4;
}

export const pathMtuCodec: MapCodec<ProviderAddress, PathMtuValue> = {
  name: 'path_mtus',
  keySize: 4,
  valueSize: LAYOUT.path_mtu.size,
  writeKey: (key, to, at) => to.writeUInt32BE(key, at),
  readKey: (from, at) => ProviderAddress(from.readUInt32BE(at) as Ipv4),
  writeValue: (value, to, at) => {
    const field = LAYOUT.path_mtu.fields;
    to.writeBigUInt64LE(value.learned, at + field.learned);
    to.writeUInt32LE(value.mtu, at + field.mtu);
    to.writeUInt32BE(value.router, at + field.router);
  },
  readValue: (from, at) => {
    const field = LAYOUT.path_mtu.fields;
    return {
      learned: from.readBigUInt64LE(at + field.learned),
      mtu: from.readUInt32LE(at + field.mtu),
      router: from.readUInt32BE(at + field.router) as Ipv4,
    };
  },
};

interface PeerProblemKey {
  readonly providerAddress: ProviderAddress;
  readonly problem: number;
}

interface PeerProblemValue {
  readonly packets: bigint;
  /** Nanoseconds of CLOCK_MONOTONIC. */
  readonly reported: bigint;
}

export const peerProblemCodec: MapCodec<PeerProblemKey, PeerProblemValue> = {
  name: 'peer_problems',
  keySize: LAYOUT.peer_problem_key.size,
  valueSize: LAYOUT.peer_problem.size,
  writeKey: (key, to, at) => {
    const field = LAYOUT.peer_problem_key.fields;
    to.writeUInt32BE(key.providerAddress, at + field.provider_address);
    to.writeUInt32LE(key.problem, at + field.problem);
  },
  readKey: (from, at) => {
    const field = LAYOUT.peer_problem_key.fields;
    return {
      providerAddress: ProviderAddress(from.readUInt32BE(at + field.provider_address) as Ipv4),
      problem: from.readUInt32LE(at + field.problem),
    };
  },
  writeValue: (value, to, at) => {
    const field = LAYOUT.peer_problem.fields;
    to.writeBigUInt64LE(value.packets, at + field.packets);
    to.writeBigUInt64LE(value.reported, at + field.reported);
  },
  readValue: (from, at) => {
    const field = LAYOUT.peer_problem.fields;
    return {
      packets: from.readBigUInt64LE(at + field.packets),
      reported: from.readBigUInt64LE(at + field.reported),
    };
  },
};

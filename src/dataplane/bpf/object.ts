import { mkdirSync } from 'node:fs';
import koffi from 'koffi';
import { NvgateError } from '../../errors.js';
import { verifyLayout } from './layout.js';
import { openEarlierMaps, type EarlierMaps } from './earlier-maps.js';
import { errorName, expectHandle, expectSuccess, libbpf, type Fd, type Handle } from './libbpf.js';
import { declaredLayout, layoutVersion } from './map-layout.js';
import { MAP_NAMES, type MapName } from './map-names.js';
import { pinPath } from './pins.js';
import { programIdentity } from './program.js';

export const PROGRAM_NAMES = ['decap', 'encap', 'inbound', 'outbound'] as const;

export type ProgramName = (typeof PROGRAM_NAMES)[number];

export interface LoadedObject {
  readonly maps: Readonly<Record<MapName, Fd>>;
  readonly programs: Readonly<Record<ProgramName, Fd>>;
  readonly earlier: EarlierMaps;
  /** Lets go of the descriptors; pinned maps and attached programs stay in the kernel. */
  close(): void;
}

export interface ObjectOptions {
  readonly path: string;
  /**
   * Where maps are pinned, on a bpf file system. Maps found there are taken over with their content
   * where their layout is that of the object; others stay beside ours (`earlier`).
   */
  readonly pinDirectory: string;
  readonly maxEntries: Partial<Readonly<Record<MapName, number>>>;
}

const LOG_BYTES = 1 << 20;

/** Offsets in struct bpf_object_open_opts of libbpf 1.x. */
const OPEN_OPTIONS = { size: 80, logBuffer: 56, logSize: 64 } as const;

/**
 * Loads the object, its maps pinned or taken over.
 * @throws NvgateError `kernelOperationFailed` with the end of the verifier's log
 */
export function loadObject(options: ObjectOptions): LoadedObject {
  const bpf = libbpf();
  const log = koffi.alloc('char', LOG_BYTES) as bigint;
  const object = open(options.path, log);
  const pins = new Set<string>();
  try {
    const btf = expectHandle(bpf.objectBtf(object), 'BTF of the BPF object');
    verifyLayout(btf);
    mkdirSync(options.pinDirectory, { recursive: true, mode: 0o700 });
    for (const name of MAP_NAMES) {
      const map = expectHandle(bpf.findMap(object, name), `BPF map ${name}`);
      const entries = options.maxEntries[name];
      if (entries !== undefined)
        expectSuccess(bpf.setMaxEntries(map, entries), `size of BPF map ${name}`);
      const layout = declaredLayout(btf, map, name === 'events' ? 'event' : undefined);
      const pin = pinPath(options.pinDirectory, name, layoutVersion(layout));
      expectSuccess(bpf.setPinPath(map, pin), `pin of ${name}`);
      pins.add(pin);
    }
    const result = bpf.objectLoad(object);
    if (result < 0)
      throw new NvgateError(
        'kernelOperationFailed',
        `The kernel refused ${options.path} (${errorName(result)}). ${hint(result)}${logEnd(log)}`,
      );
  } catch (error) {
    bpf.objectClose(object);
    throw error;
  } finally {
    koffi.free(log);
  }
  const maps = record(MAP_NAMES, (name) =>
    bpf.mapFd(expectHandle(bpf.findMap(object, name), name)),
  );
  const earlier = openEarlierMaps(options.pinDirectory, pins, maps);
  return {
    ...{ maps, earlier },
    programs: record(PROGRAM_NAMES, (name) =>
      bpf.programFd(expectHandle(bpf.findProgram(object, name), name)),
    ),
    close: () => {
      earlier.close();
      bpf.objectClose(object);
    },
  };
}

/** What `tc filter show` prints of the programs where they are attached. */
export function programTags({ programs }: LoadedObject): Readonly<Record<ProgramName, string>> {
  return record(PROGRAM_NAMES, (name) => programIdentity(programs[name]).tag);
}

function open(path: string, log: bigint): Handle {
  const options = Buffer.alloc(OPEN_OPTIONS.size);
  options.writeBigUInt64LE(BigInt(OPEN_OPTIONS.size), 0);
  options.writeBigUInt64LE(koffi.address(log), OPEN_OPTIONS.logBuffer);
  options.writeBigUInt64LE(BigInt(LOG_BYTES), OPEN_OPTIONS.logSize);
  return expectHandle(libbpf().objectOpenFile(path, options), `BPF object ${path}`);
}

function hint(result: number): string {
  return errorName(result) === 'EPERM'
    ? 'Run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON. '
    : '';
}

function logEnd(log: bigint): string {
  const text = koffi.decode(log, 'char', -1) as string;
  return text.slice(-2000).trim();
}

function record<Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Value>;
}

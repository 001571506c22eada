import { createHash } from 'node:crypto';
import { shapeOf, structByName, type Shape } from './btf.js';
import { expectHandle, expectSuccess, libbpf, type Fd, type Handle } from './libbpf.js';

/** What an entry of a map is made of. A ring buffer has no keys. */
export interface EntryLayout {
  readonly keySize: number;
  readonly valueSize: number;
  readonly key?: Shape;
  readonly value?: Shape;
}

/** All that has to agree for programs and control planes of two builds to share a map. */
export interface MapLayout extends EntryLayout {
  readonly type: number;
  readonly flags: number;
  readonly maxEntries: number;
}

/**
 * The layout that an object file declares, with the size that has been set since.
 * @param record name of the struct that a ring buffer's records are
 */
export function declaredLayout(btf: Handle, map: Handle, record?: string): MapLayout {
  const bpf = libbpf();
  const key = bpf.mapKeyType(map);
  const value = record === undefined ? bpf.mapValueType(map) : structByName(btf, record);
  return {
    type: bpf.mapType(map),
    flags: bpf.mapFlags(map),
    maxEntries: bpf.mapMaxEntries(map),
    keySize: bpf.mapKeySize(map),
    valueSize: bpf.mapValueSize(map),
    ...(key === 0 ? {} : { key: shapeOf(btf, key) }),
    ...(value === 0 ? {} : { value: shapeOf(btf, value) }),
  };
}

/** Ten bytes that are equal for equal layouts only. */
export function layoutVersion(layout: MapLayout): string {
  return createHash('sha256').update(JSON.stringify(layout)).digest('hex').slice(0, 20);
}

/** Offsets in struct bpf_map_info (linux/bpf.h). */
const MAP_INFO = {
  ...{ size: 80, id: 4, keySize: 8, valueSize: 12 },
  ...{ btf: 64, keyType: 68, valueType: 72 },
} as const;

function mapInfo(fd: Fd): Buffer {
  const info = Buffer.alloc(MAP_INFO.size);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(MAP_INFO.size);
  expectSuccess(libbpf().infoByFd(fd, info, length), 'BPF map info');
  return info;
}

/** The kernel's own number of a map. */
export function mapId(fd: Fd): number {
  return mapInfo(fd).readUInt32LE(MAP_INFO.id);
}

/** The entries of a map in the kernel, whoever made it; without types where it was made without. */
export function entryLayoutInKernel(fd: Fd): EntryLayout {
  const info = mapInfo(fd);
  const sizes = {
    keySize: info.readUInt32LE(MAP_INFO.keySize),
    valueSize: info.readUInt32LE(MAP_INFO.valueSize),
  };
  const id = info.readUInt32LE(MAP_INFO.btf);
  if (id === 0) return sizes;
  const bpf = libbpf();
  const btf = expectHandle(bpf.btfFromKernel(id), `BTF ${id} in the kernel`);
  try {
    return {
      ...sizes,
      key: shapeOf(btf, info.readUInt32LE(MAP_INFO.keyType)),
      value: shapeOf(btf, info.readUInt32LE(MAP_INFO.valueType)),
    };
  } finally {
    bpf.btfFree(btf);
  }
}

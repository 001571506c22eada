import koffi from 'koffi';
import { expectSuccess, libbpf, type Fd } from './libbpf.js';

/** What tells one loaded program from another. */
export interface ProgramIdentity {
  /** Hash of the instructions, without the maps they name; as `tc filter show` and bpftool print it. */
  readonly tag: string;
  /** The kernel's numbers of the maps it works with. */
  readonly maps: readonly number[];
}

/** Offsets in struct bpf_prog_info (linux/bpf.h). */
const PROGRAM_INFO = { size: 64, tag: 8, mapCount: 52, mapIds: 56 } as const;
const TAG_BYTES = 8;

/** The most maps that the kernel lets a program use (MAX_USED_MAPS). */
const MAPS_MAX = 64;

export function programIdentity(program: Fd): ProgramIdentity {
  const ids = koffi.alloc('uint32_t', MAPS_MAX) as bigint;
  try {
    const info = Buffer.alloc(PROGRAM_INFO.size);
    info.writeUInt32LE(MAPS_MAX, PROGRAM_INFO.mapCount);
    info.writeBigUInt64LE(koffi.address(ids), PROGRAM_INFO.mapIds);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(PROGRAM_INFO.size);
    expectSuccess(libbpf().infoByFd(program, info, length), 'BPF program info');
    const count = Math.min(info.readUInt32LE(PROGRAM_INFO.mapCount), MAPS_MAX);
    return {
      tag: info.toString('hex', PROGRAM_INFO.tag, PROGRAM_INFO.tag + TAG_BYTES),
      maps: koffi.decode(ids, koffi.array('uint32_t', count, 'Array')) as number[],
    };
  } finally {
    koffi.free(ids);
  }
}

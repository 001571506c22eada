import koffi from 'koffi';
import { describe, expect, it } from 'vitest';
import {
  expectHandle,
  expectSuccess,
  libbpf,
  type Handle,
} from '../../src/dataplane/bpf/libbpf.js';
import { PROGRAM_NAMES, type ProgramName } from '../../src/dataplane/bpf/object.js';

/** linux/bpf.h, since Linux 6.8: what is known of a register must not contradict itself. */
const BPF_F_TEST_REG_INVARIANTS = 1 << 7;
/** What the verifier says of its own mistakes, and of what it lets pass all the same. */
const SUSPICIOUS = /invariants violation|verifier bug|internal error|warning/i;
/** Every state of every path, and the sums at the end. */
const LOG_LEVEL = 2 | 4;
/** The kernel keeps the end of a longer log. */
const LOG_BYTES = 1 << 24;
/** Instructions that the verifier looks at before it gives up. */
const LIMIT = 1_000_000;

interface Verdict {
  readonly log: string;
  readonly instructions: number;
}

/** Loads the object with the verifier's own checks on, and unloads it. */
function verify(flags: number): Record<ProgramName, Verdict> {
  const bpf = libbpf();
  const library = koffi.load('libbpf.so.1');
  const setFlags = library.func('int bpf_program__set_flags(uintptr_t program, uint32_t flags)');
  const setLevel = library.func(
    'int bpf_program__set_log_level(uintptr_t program, uint32_t level)',
  );
  const setBuffer = library.func(
    'int bpf_program__set_log_buf(uintptr_t program, uintptr_t buffer, size_t size)',
  );
  const path = 'dist/bpf/nvgate.bpf.o';
  const object = expectHandle(bpf.objectOpenFile(path, null), path);
  const logs = PROGRAM_NAMES.map((name) => {
    const program = expectHandle(bpf.findProgram(object, name), name);
    const log = koffi.alloc('char', LOG_BYTES) as Handle;
    expectSuccess(setFlags(program, flags) as number, 'flags');
    expectSuccess(setLevel(program, LOG_LEVEL) as number, 'log level');
    expectSuccess(setBuffer(program, koffi.address(log), LOG_BYTES) as number, 'log buffer');
    return [name, log] as const;
  });
  try {
    expectSuccess(bpf.objectLoad(object), 'load');
    return Object.fromEntries(
      logs.map(([name, log]) => [name, readVerdict(koffi.decode(log, 'char', -1) as string)]),
    ) as Record<ProgramName, Verdict>;
  } finally {
    bpf.objectClose(object);
    for (const [, log] of logs) koffi.free(log);
  }
}

function readVerdict(log: string): Verdict {
  return { log, instructions: Number(/processed (\d+) insns/.exec(log)?.[1]) };
}

describe('the kernel’s verifier', () => {
  it.each([
    ['as usual', 0],
    ['with its own checks of ranges on', BPF_F_TEST_REG_INVARIANTS],
  ])('has nothing to say against the programs, %s', (_, flags) => {
    for (const { log, instructions } of Object.values(verify(flags))) {
      expect(log.split('\n').filter((line) => SUSPICIOUS.test(line))).toEqual([]);
      expect(instructions).toBeGreaterThan(0);
      expect(instructions).toBeLessThan(LIMIT / 10);
    }
  });
});

import { errorName, expectSuccess, libbpf, type Fd } from './libbpf.js';
import { programIdentity, type ProgramIdentity } from './program.js';

/*
 * Our programs on the ingress of devices: one clsact filter with a priority and handle of its
 * own. Other filters on the device are left alone; ours lets them see what is not for us.
 */

/** 7637 as in RFC 7637: marks the filter as ours among others on the device. */
export const FILTER_PRIORITY = 7637;
const FILTER_HANDLE = 1;

const TC_INGRESS = 1;
const TC_REPLACE = 1;

/** struct bpf_tc_hook: sz, ifindex, attach_point, parent. */
function hookOn(ifindex: number): Buffer {
  const hook = Buffer.alloc(24);
  hook.writeBigUInt64LE(24n, 0);
  hook.writeInt32LE(ifindex, 8);
  hook.writeUInt32LE(TC_INGRESS, 12);
  return hook;
}

/** struct bpf_tc_opts: sz, prog_fd, flags, prog_id, handle, priority. libbpf writes prog_id back. */
function filterOptions(program: Fd, flags: number): Buffer {
  const options = Buffer.alloc(32);
  options.writeBigUInt64LE(32n, 0);
  options.writeInt32LE(program, 8);
  options.writeUInt32LE(flags, 12);
  options.writeUInt32LE(FILTER_HANDLE, 20);
  options.writeUInt32LE(FILTER_PRIORITY, 24);
  return options;
}

const PROGRAM_ID = 16;

/** Puts the program on the device; one of ours that is there is replaced without losing a packet. */
export function attachFilter(ifindex: number, program: Fd): void {
  const bpf = libbpf();
  const created = bpf.hookCreate(hookOn(ifindex));
  if (created < 0 && errorName(created) !== 'EEXIST')
    expectSuccess(created, `clsact on device ${ifindex}`);
  expectSuccess(
    bpf.attach(hookOn(ifindex), filterOptions(program, TC_REPLACE)),
    `BPF filter on device ${ifindex}`,
  );
}

/** Takes our filter off; that it is not there is fine. */
export function detachFilter(ifindex: number): void {
  const result = libbpf().detach(hookOn(ifindex), filterOptions(0, 0));
  if (result < 0 && !ABSENT.includes(errorName(result)))
    expectSuccess(result, `taking the BPF filter off device ${ifindex}`);
}

/** Our program on the device; undefined where there is none. */
export function attachedProgram(ifindex: number): ProgramIdentity | undefined {
  const bpf = libbpf();
  const options = filterOptions(0, 0);
  const result = bpf.query(hookOn(ifindex), options);
  if (result < 0 && ABSENT.includes(errorName(result))) return undefined;
  expectSuccess(result, `looking for the BPF filter on device ${ifindex}`);
  const program = bpf.programFdById(options.readUInt32LE(PROGRAM_ID));
  if (program < 0) return undefined;
  try {
    return programIdentity(program);
  } finally {
    bpf.close(program);
  }
}

/** No such filter, no clsact, or no such device. */
const ABSENT = ['ENOENT', 'EINVAL', 'ENODEV'];

import { constants } from 'node:os';
import koffi, { type LibraryHandle } from 'koffi';
import { NvgateError } from '../../errors.js';

/*
 * The part of libbpf that the data plane uses, called in this process. libbpf 1.x returns negative
 * error numbers; errno itself is stale after success and is never read here.
 */

/** A file descriptor of a map or program. */
export type Fd = number;

/** An opaque pointer of libbpf. */
export type Handle = bigint;

interface Libbpf {
  readonly objectOpenFile: (path: string, options: Buffer | null) => Handle | null;
  readonly objectLoad: (object: Handle) => number;
  readonly objectClose: (object: Handle) => void;
  readonly objectBtf: (object: Handle) => Handle | null;
  readonly findMap: (object: Handle, name: string) => Handle | null;
  readonly mapFd: (map: Handle) => Fd;
  readonly mapType: (map: Handle) => number;
  readonly mapFlags: (map: Handle) => number;
  readonly mapMaxEntries: (map: Handle) => number;
  readonly mapKeySize: (map: Handle) => number;
  readonly mapValueSize: (map: Handle) => number;
  /** 0 where there is none */
  readonly mapKeyType: (map: Handle) => number;
  readonly mapValueType: (map: Handle) => number;
  readonly openPin: (path: string) => Fd;
  readonly setMaxEntries: (map: Handle, entries: number) => number;
  readonly setPinPath: (map: Handle, path: string) => number;
  readonly findProgram: (object: Handle, name: string) => Handle | null;
  readonly programFd: (program: Handle) => Fd;
  readonly programFdById: (id: number) => Fd;
  readonly infoByFd: (fd: Fd, info: Buffer, length: Buffer) => number;
  readonly hookCreate: (hook: Buffer) => number;
  readonly attach: (hook: Buffer, options: Buffer) => number;
  readonly detach: (hook: Buffer, options: Buffer) => number;
  readonly query: (hook: Buffer, options: Buffer) => number;
  readonly lookup: (map: Fd, key: Buffer, value: Buffer) => number;
  readonly update: (map: Fd, key: Buffer, value: Buffer, flags: number) => number;
  readonly remove: (map: Fd, key: Buffer) => number;
  readonly nextKey: (map: Fd, key: Buffer | null, next: Buffer) => number;
  readonly updateBatch: (
    map: Fd,
    keys: Buffer,
    values: Buffer,
    count: Buffer,
    options: Buffer,
  ) => number;
  readonly lookupBatch: (
    map: Fd,
    from: Buffer | null,
    next: Buffer,
    keys: Buffer,
    values: Buffer,
    count: Buffer,
    options: Buffer,
  ) => number;
  readonly possibleCpus: () => number;
  readonly ringBufferNew: (
    map: Fd,
    callback: bigint,
    context: null,
    options: null,
  ) => Handle | null;
  readonly ringBufferEpollFd: (ring: Handle) => Fd;
  readonly ringBufferConsume: (ring: Handle) => number;
  readonly ringBufferFree: (ring: Handle) => void;
  readonly testRun: (program: Fd, options: Buffer) => number;
  readonly btfFind: (btf: Handle, name: string, kind: number) => number;
  readonly btfType: (btf: Handle, id: number) => Handle | null;
  readonly btfName: (btf: Handle, offset: number) => string | null;
  readonly btfSize: (btf: Handle, id: number) => number | bigint;
  readonly btfFromKernel: (id: number) => Handle | null;
  readonly btfFree: (btf: Handle) => void;
  readonly close: (fd: Fd) => number;
}

let loaded: Libbpf | undefined;

/**
 * @throws NvgateError `kernelFeatureMissing` when libbpf is not installed
 */
export function libbpf(): Libbpf {
  loaded ??= load();
  return loaded;
}

function load(): Libbpf {
  let bpf: LibraryHandle;
  try {
    bpf = koffi.load('libbpf.so.1');
  } catch (error) {
    throw new NvgateError(
      'kernelFeatureMissing',
      'libbpf.so.1 cannot be loaded. Install the package libbpf1.',
      { cause: error },
    );
  }
  const libc = koffi.load('libc.so.6');
  const call = (signature: string): unknown => bpf.func(signature);
  quiet(bpf);
  const functions: Record<keyof Libbpf, unknown> = {
    objectOpenFile: call('uintptr_t bpf_object__open_file(const char *path, void *opts)'),
    objectLoad: call('int bpf_object__load(uintptr_t object)'),
    objectClose: call('void bpf_object__close(uintptr_t object)'),
    objectBtf: call('uintptr_t bpf_object__btf(uintptr_t object)'),
    findMap: call('uintptr_t bpf_object__find_map_by_name(uintptr_t object, const char *name)'),
    mapFd: call('int bpf_map__fd(uintptr_t map)'),
    mapType: call('uint32_t bpf_map__type(uintptr_t map)'),
    mapFlags: call('uint32_t bpf_map__map_flags(uintptr_t map)'),
    mapMaxEntries: call('uint32_t bpf_map__max_entries(uintptr_t map)'),
    mapKeySize: call('uint32_t bpf_map__key_size(uintptr_t map)'),
    mapValueSize: call('uint32_t bpf_map__value_size(uintptr_t map)'),
    mapKeyType: call('uint32_t bpf_map__btf_key_type_id(uintptr_t map)'),
    mapValueType: call('uint32_t bpf_map__btf_value_type_id(uintptr_t map)'),
    openPin: call('int bpf_obj_get(const char *path)'),
    setMaxEntries: call('int bpf_map__set_max_entries(uintptr_t map, uint32_t entries)'),
    setPinPath: call('int bpf_map__set_pin_path(uintptr_t map, const char *path)'),
    findProgram: call(
      'uintptr_t bpf_object__find_program_by_name(uintptr_t object, const char *name)',
    ),
    programFd: call('int bpf_program__fd(uintptr_t program)'),
    programFdById: call('int bpf_prog_get_fd_by_id(uint32_t id)'),
    infoByFd: call('int bpf_obj_get_info_by_fd(int fd, void *info, void *length)'),
    hookCreate: call('int bpf_tc_hook_create(void *hook)'),
    attach: call('int bpf_tc_attach(void *hook, void *opts)'),
    detach: call('int bpf_tc_detach(void *hook, void *opts)'),
    query: call('int bpf_tc_query(void *hook, void *opts)'),
    lookup: call('int bpf_map_lookup_elem(int fd, void *key, void *value)'),
    update: call('int bpf_map_update_elem(int fd, void *key, void *value, uint64_t flags)'),
    remove: call('int bpf_map_delete_elem(int fd, void *key)'),
    nextKey: call('int bpf_map_get_next_key(int fd, void *key, void *next)'),
    updateBatch: call(
      'int bpf_map_update_batch(int fd, void *keys, void *values, void *count, void *opts)',
    ),
    lookupBatch: call(
      'int bpf_map_lookup_batch(int fd, void *from, void *next, void *keys, void *values, void *count, void *opts)',
    ),
    possibleCpus: call('int libbpf_num_possible_cpus()'),
    ringBufferNew: call(
      'uintptr_t ring_buffer__new(int map, uintptr_t callback, void *context, void *opts)',
    ),
    ringBufferEpollFd: call('int ring_buffer__epoll_fd(uintptr_t ring)'),
    ringBufferConsume: call('int ring_buffer__consume(uintptr_t ring)'),
    ringBufferFree: call('void ring_buffer__free(uintptr_t ring)'),
    testRun: call('int bpf_prog_test_run_opts(int fd, void *opts)'),
    btfFind: call('int btf__find_by_name_kind(uintptr_t btf, const char *name, uint32_t kind)'),
    btfType: call('uintptr_t btf__type_by_id(uintptr_t btf, uint32_t id)'),
    btfName: call('const char *btf__name_by_offset(uintptr_t btf, uint32_t offset)'),
    btfSize: call('int64_t btf__resolve_size(uintptr_t btf, uint32_t id)'),
    btfFromKernel: call('uintptr_t btf__load_from_kernel_by_id(uint32_t id)'),
    btfFree: call('void btf__free(uintptr_t btf)'),
    close: libc.func('int close(int fd)'),
  };
  /* koffi types every function alike; the C signatures above are what holds. */
  return functions as Libbpf;
}

/** libbpf writes to stderr by default; what it says is in our errors and in the verifier's log. */
function quiet(bpf: LibraryHandle): void {
  bpf.func('uintptr_t libbpf_set_print(uintptr_t print)')(0);
}

const ERROR_NAMES = new Map<number, string>(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

/** ENOENT and the like for a (negative or positive) error number. */
export function errorName(result: number): string {
  return ERROR_NAMES.get(Math.abs(result)) ?? `error ${Math.abs(result)}`;
}

/** @throws NvgateError `kernelOperationFailed` when the result is negative */
export function expectSuccess(result: number, what: string): number {
  if (result < 0) throw new NvgateError('kernelOperationFailed', `${what}: ${errorName(result)}.`);
  return result;
}

/** A handle that is there. libbpf says "not there" with a null pointer. */
export function expectHandle(handle: Handle | number | null, what: string): Handle {
  if (handle === null || BigInt(handle) === 0n)
    throw new NvgateError('kernelOperationFailed', `${what}: not found.`);
  return BigInt(handle);
}

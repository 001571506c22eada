import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expectHandle, expectSuccess, libbpf, type Fd } from '../../../src/dataplane/bpf/libbpf.js';
import { createDirectory } from '../../support/namespace.js';
import { run, tryRun } from '../../support/process.js';

/** A loaded BPF object of the suite; nothing of it is pinned. */
export interface BpfObject {
  map(name: string): Fd;
  program(name: string): Fd;
  close(): void;
}

export type BpfSource = 'generator' | 'wire-end';

const SOURCES = resolve('test/bench/bpf');
const COMPILERS = ['clang', 'clang-19', 'clang-16', 'clang-14'];

const compiled = new Map<BpfSource, Promise<string>>();

/** Compiles the program once per process; answers the path of the object file. */
export function compileBpf(source: BpfSource): Promise<string> {
  const path = compiled.get(source) ?? compile(source);
  compiled.set(source, path);
  return path;
}

async function compile(source: BpfSource): Promise<string> {
  const object = join(createDirectory('bpf'), `${source}.o`);
  const machine = (await run('uname', ['-m'])).trim();
  // linux/types.h includes asm/types.h, which Debian keeps in a directory per architecture.
  const multiarch = `/usr/include/${machine}-linux-gnu`;
  const include = existsSync(multiarch) ? ['-I', multiarch] : [];
  await run(await compiler(), [
    ...['-O2', '-g', '-target', 'bpf', '-mcpu=v3', '-Wall', '-Werror', ...include],
    ...['-c', join(SOURCES, `${source}.bpf.c`), '-o', object],
  ]);
  return object;
}

async function compiler(): Promise<string> {
  for (const candidate of COMPILERS)
    if ((await tryRun(candidate, ['--version'])).status === 0) return candidate;
  throw new Error('clang is missing; install the Debian package clang');
}

/** Loads an object file; the kernel frees it when the last attached program is gone. */
export function openBpf(path: string): BpfObject {
  const bpf = libbpf();
  const object = expectHandle(bpf.objectOpenFile(path, null), `BPF object ${path}`);
  expectSuccess(bpf.objectLoad(object), `loading ${path}`);
  return {
    map: (name) => bpf.mapFd(expectHandle(bpf.findMap(object, name), `BPF map ${name}`)),
    program: (name) =>
      bpf.programFd(expectHandle(bpf.findProgram(object, name), `BPF program ${name}`)),
    close: () => bpf.objectClose(object),
  };
}

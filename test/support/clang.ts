import { spawnSync } from 'node:child_process';

/** As build.sh: Debian names it after its version. */
const COMPILERS = ['clang', 'clang-19', 'clang-16', 'clang-14'];

/** Name of a compiler that is installed. */
export function findClang(): string {
  const compiler = COMPILERS.find((name) => spawnSync(name, ['--version']).status === 0);
  if (compiler === undefined) throw new Error('install the Debian package clang');
  return compiler;
}

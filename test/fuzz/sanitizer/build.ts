import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findClang } from '../../support/clang.js';

const HERE = 'test/fuzz/sanitizer';
/** Of the BPF programs. */
export const SOURCES = 'src/dataplane/bpf';

/*
 * All checks of integers as well: a length that gets smaller than nothing, or that is cut off on its
 * way into a field, is the classic of packet code. Two checks are off. unsigned-shift-base: what swaps
 * the bytes of a word shifts bits out of it. alignment: N1 puts the inner IP header 42 bytes behind the
 * outer one, so that of both one is always askew; whether a machine takes that is the verifier's to
 * say, and it does.
 */
const CHECKS = [
  '-fsanitize=address,undefined,integer,implicit-conversion',
  '-fno-sanitize=alignment,unsigned-shift-base',
  '-fno-sanitize-recover=all',
  // What is meant to be larger than its type.
  `-fsanitize-ignorelist=${HERE}/wraps.txt`,
];

/**
 * Builds the BPF programs as a program of this machine that looks at every access to memory.
 * @param sources directory of nvgate.bpf.c and its headers
 * @returns path of the program, in `directory`
 */
export function buildSanitized(directory: string, sources: string): string {
  const program = join(directory, 'sanitized');
  const files = readdirSync(HERE).filter((name) => name.endsWith('.c'));
  execFileSync(findClang(), [
    ...['-O1', '-g', '-fno-omit-frame-pointer', '-Wall', '-Werror', ...CHECKS],
    // Ours first: bpf/bpf_helpers.h is in both.
    ...['-I', `${HERE}/include`, '-I', HERE, '-I', sources],
    ...files.map((name) => join(HERE, name)),
    ...['-o', program],
  ]);
  return program;
}

import { symlinkSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build } from 'rolldown';

const ROOT = resolve(import.meta.dirname, '../..');

/** They load a file of machine code that lies beside them. */
const NATIVE = ['koffi', 'lmdb'];

/**
 * Translates a program of the tests, and all that it imports, into one file in `directory`, which a
 * plain Node process starts in a moment: for a test that kills such processes. Types are not checked.
 * @param program path below the repository, for example `test/support/store-writer.ts`
 * @returns path of the file to run
 */
export async function compileProgram(program: string, directory: string): Promise<string> {
  const file = join(directory, basename(program).replace(/\.ts$/, '.mjs'));
  await build({
    input: join(ROOT, program),
    platform: 'node',
    external: NATIVE,
    logLevel: 'warn',
    output: { file, format: 'esm' },
  });
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  return file;
}

import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createDirectory } from './namespace.js';
import { run } from './process.js';

/** What differs from the sources here: by file, below the repository, what is to be put for what. */
export type Alterations = Readonly<
  Record<string, readonly (readonly [from: string, to: string])[]>
>;

/**
 * Another build of nvgate, as a later or earlier version would be: the built code in a directory
 * of its own with these alterations, the BPF object compiled anew.
 * @param alterations files below `dist/`, and below `src/dataplane/bpf/` for the C
 * @returns path of its command line program
 * @throws Error where the text to be replaced is not there
 */
export async function buildGateway(label: string, alterations: Alterations): Promise<string> {
  const directory = createDirectory(label);
  for (const part of ['dist/src', 'dist/provider', 'src/dataplane/bpf', 'package.json'])
    cpSync(part, join(directory, part), { recursive: true });
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
  for (const [file, replacements] of Object.entries(alterations)) {
    const path = join(directory, file);
    let text = readFileSync(path, 'utf8');
    for (const [from, to] of replacements) {
      if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
      text = text.replace(from, to);
    }
    writeFileSync(path, text);
  }
  mkdirSync(join(directory, 'dist/bpf'), { recursive: true });
  await run('bash', [join(directory, 'src/dataplane/bpf/build.sh')], { timeout: 120_000 });
  return join(directory, 'dist/src/cli/main.js');
}

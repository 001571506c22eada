import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, resolve } from 'node:path';
import ts from 'typescript';

export const ROOT = resolve(import.meta.dirname, '../..');

/** A source file of the product, its path relative to the repository. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Modules it names in `import`, `export … from`, `import()` and `require()`. */
  readonly imports: readonly string[];
}

/** All TypeScript files of the folders, sorted. */
export function sourceFiles(...folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort()
    .map(readSource);
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const imports = ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName);
  return { path, text, imports };
}

/** Those of its imports that are files of this repository, as paths relative to it. */
export function localImports(file: SourceFile): string[] {
  return file.imports
    .filter((name) => name.startsWith('.'))
    .map((name) => normalize(join(dirname(file.path), name)).replace(/\.js$/, '.ts'));
}

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../..');

/**
 * Translates a program of the tests, and what it imports, into `directory`, for a plain Node
 * process to run: one that a test may kill. Types are not checked.
 * @param program path below the repository, for example `test/support/store-writer.ts`
 * @returns path of the file to run
 */
export function compileProgram(program: string, directory: string): string {
  const seen = new Set<string>();
  const waiting = [join(ROOT, program)];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const source = readFileSync(file, 'utf8');
    for (const { fileName } of ts.preProcessFile(source).importedFiles)
      if (fileName.startsWith('.'))
        waiting.push(resolve(dirname(file), fileName.replace(/\.js$/, '.ts')));
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2022,
        verbatimModuleSyntax: true,
      },
    });
    const target = translated(file, directory);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  return translated(join(ROOT, program), directory);
}

function translated(file: string, directory: string): string {
  return join(directory, relative(ROOT, file)).replace(/\.ts$/, '.js');
}

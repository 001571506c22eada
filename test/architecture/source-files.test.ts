import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, sourceFiles } from './source-files.js';

/** The only places that start processes: what runs as root must be easy to see. */
const SPAWNERS = [
  'src/dataplane/linux/run.ts',
  'src/vpn/daemon/process.ts',
  'src/cli/capture/tcpdump.ts',
];
const MOST_LINES = 500;

const product = sourceFiles('src', 'provider');
const everything = [...product, ...sourceFiles('test')];

function pathsWhere(holds: (file: (typeof product)[number]) => boolean, files = product): string[] {
  return files.filter(holds).map(({ path }) => path);
}

describe('source files', () => {
  it(`have at most ${MOST_LINES} lines`, () => {
    expect(pathsWhere(({ text }) => text.split('\n').length > MOST_LINES)).toEqual([]);
  });

  it('are named after what is in them', () => {
    const vague = /^(utils?|helpers?|common|misc|shared|lib|tools?)$/;
    expect(pathsWhere(({ path }) => vague.test(basename(path, '.ts')), everything)).toEqual([]);
    const folders = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory() && vague.test(entry.name))
      .map((entry) => entry.name);
    expect(folders).toEqual([]);
  });

  it('start processes in two places: commands that end, and daemons', () => {
    const spawns = pathsWhere(({ imports }) =>
      imports.some((name) => /^(node:)?(child_process|cluster)$/.test(name)),
    );
    expect(spawns.filter((path) => !SPAWNERS.includes(path))).toEqual([]);
  });

  it('have no default export', () => {
    const exportsDefault = /^export default |\bas default\b.*\}/m;
    expect(pathsWhere(({ text }) => exportsDefault.test(text), everything)).toEqual([]);
  });
});

describe('package.json', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  const { dependencies, devDependencies } = manifest;

  it('pins every dependency to one version', () => {
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose).toEqual([]);
  });

  it('names every package that the product imports, and no other', () => {
    const packages = product
      .flatMap(({ imports }) => imports)
      .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
      .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
    expect([...new Set(packages)].sort()).toEqual(Object.keys(dependencies).sort());
  });
});

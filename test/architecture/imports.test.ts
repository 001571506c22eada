import { describe, expect, it } from 'vitest';
import { localImports, sourceFiles } from './source-files.js';

/**
 * Which part may import which. A part is a folder or a file, named by the start of its path; the
 * longest name that fits a file is its part. Each part may import itself.
 */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  'src/errors.ts': ['src/net/'],
  'src/net/': ['src/errors.ts'],
  'src/model/': ['src/net/', 'src/errors.ts'],
  'src/config/': ['src/net/', 'src/errors.ts'],
  'src/codec/': [
    'src/net/',
    'src/errors.ts',
    'src/model/addresses.ts',
    'src/model/flow-id.ts',
    'src/model/vsid.ts',
  ],
  'src/policy/': ['src/model/', 'src/net/', 'src/errors.ts'],
  'src/forwarding/': ['src/codec/', 'src/model/', 'src/net/', 'src/errors.ts'],
  'src/dataplane/': ['src/model/', 'src/net/', 'src/errors.ts'],
  'src/dataplane/bpf/': [
    'src/dataplane/',
    'src/forwarding/verdict.ts',
    'src/model/',
    'src/net/',
    'src/errors.ts',
  ],
  'src/underlay/': ['src/model/', 'src/net/', 'src/errors.ts'],
  'src/vpn/': ['src/model/', 'src/net/', 'src/errors.ts'],
  'src/reconcile/': [
    'src/policy/',
    'src/model/',
    'src/net/',
    'src/errors.ts',
    'src/dataplane/port.ts',
    'src/dataplane/kernel-object.ts',
    'src/dataplane/compile/',
    'src/vpn/port.ts',
  ],
  'provider/': [
    'src/model/',
    'src/net/',
    'src/errors.ts',
    'src/policy/',
    'src/forwarding/',
    'src/reconcile/status.ts',
  ],
  'src/cli/': [
    'src/config/',
    'src/errors.ts',
    'src/policy/',
    'src/net/',
    'src/model/',
    'provider/client/',
    'src/version.ts',
    'provider/schemas.ts',
    'provider/change-schemas.ts',
    'provider/answer-schemas.ts',
    'provider/translate/',
  ],
  // `nvgate run` is the one verb that is the daemon.
  'src/cli/verbs/run.ts': ['src/cli/', 'src/config/', 'src/errors.ts', 'src/daemon.ts'],
  // The composition root.
  'src/daemon': ['src/', 'provider/'],
  'src/version.ts': [],
};

function partOf(path: string): string | undefined {
  return Object.keys(TABLE)
    .filter((part) => path.startsWith(part))
    .sort((a, b) => b.length - a.length)[0];
}

describe('import table', () => {
  const files = sourceFiles('src', 'provider');

  it('has a row for every source file', () => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter(({ path }) => partOf(path) === undefined).map(({ path }) => path)).toEqual(
      [],
    );
  });

  it('is kept', () => {
    const broken = files.flatMap((file) => {
      const part = partOf(file.path);
      if (part === undefined) return [];
      const allowed = [part, ...(TABLE[part] ?? [])];
      return localImports(file)
        .filter((target) => !allowed.some((start) => target.startsWith(start)))
        .map((target) => `${file.path} imports ${target}; ${part} must not`);
    });
    expect(broken).toEqual([]);
  });

  it('lets the product import nothing of its tests', () => {
    const broken = files.filter((file) =>
      localImports(file).some((target) => target.startsWith('test/')),
    );
    expect(broken.map(({ path }) => path)).toEqual([]);
  });
});

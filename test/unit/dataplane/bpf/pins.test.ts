import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layoutVersion, type MapLayout } from '../../../../src/dataplane/bpf/map-layout.js';
import { listPins, pinPath } from '../../../../src/dataplane/bpf/pins.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nvgate-pins-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const LAYOUT: MapLayout = {
  ...{ type: 1, flags: 0, maxEntries: 16, keySize: 4, valueSize: 4 },
  value: { size: 4, fields: { mtu: { offset: 0, size: 4 } } },
};

describe('pins', () => {
  it('are found again by map, in any layout', () => {
    const path = pinPath(directory, 'path_mtus', layoutVersion(LAYOUT));
    writeFileSync(path, '');
    writeFileSync(join(directory, 'counters'), '');
    expect(listPins(directory)).toEqual([
      { map: 'counters', path: join(directory, 'counters') },
      { map: 'path_mtus', path },
    ]);
  });

  it('leave what others have put there alone', () => {
    for (const file of ['counters-old', 'counter', 'path_mtus-', 'operators_own'])
      writeFileSync(join(directory, file), '');
    expect(listPins(directory)).toEqual([]);
  });
});

describe('the version of a layout', () => {
  it.each<[string, Partial<MapLayout>]>([
    ['the size', { maxEntries: 17 }],
    ['the type', { type: 9 }],
    ['a flag', { flags: 1 }],
    ['the name of a field', { value: { size: 4, fields: { size: { offset: 0, size: 4 } } } }],
  ])('is another with %s', (_, change) => {
    expect(layoutVersion({ ...LAYOUT, ...change })).not.toBe(layoutVersion(LAYOUT));
  });

  it('is the same for the same', () => {
    expect(layoutVersion(structuredClone(LAYOUT))).toBe(layoutVersion(LAYOUT));
  });
});

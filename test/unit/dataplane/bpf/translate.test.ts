import { describe, expect, it } from 'vitest';
import type { Shape } from '../../../../src/dataplane/bpf/btf.js';
import type { EntryLayout } from '../../../../src/dataplane/bpf/map-layout.js';
import { translation } from '../../../../src/dataplane/bpf/translate.js';

const WORD: Shape = { size: 4, fields: { '': { offset: 0, size: 4 } } };

const word = (offset: number) => ({ offset, size: 4 });

function layout(value: Shape, key: Shape = WORD): EntryLayout {
  return { keySize: key.size, valueSize: value.size, key, value };
}

describe('translation', () => {
  it('moves fields by their names, leaves out what is no more, and makes what is new zero', () => {
    const from = layout({ size: 12, fields: { mtu: word(0), old: word(4), router: word(8) } });
    const to = layout({ size: 12, fields: { router: word(0), fresh: word(4), mtu: word(8) } });
    const found = translation(from, to);
    expect(found?.value(Buffer.from('ffaaaaaaaabbbbbbbbcccccccc', 'hex'), 1).toString('hex')).toBe(
      'cccccccc00000000aaaaaaaa',
    );
    expect(found?.key(Buffer.from('0001020304', 'hex'), 1).toString('hex')).toBe('01020304');
  });

  it('knows a struct inside a struct by both names', () => {
    const nested = (offset: number): Shape => ({
      ...{ size: 8, fields: { domain: word(4 - offset), 'address.word': word(offset) } },
    });
    const found = translation(layout(WORD, nested(0)), layout(WORD, nested(4)));
    expect(found?.key(Buffer.from('aaaaaaaabbbbbbbb', 'hex'), 0).toString('hex')).toBe(
      'bbbbbbbbaaaaaaaa',
    );
  });

  const value = layout({ size: 8, fields: { a: word(0), b: word(4) } });
  it.each<[string, EntryLayout, EntryLayout]>([
    [
      'a key has a field more',
      layout(WORD, { size: 4, fields: { a: word(0) } }),
      layout(WORD, { size: 8, fields: { a: word(0), b: word(4) } }),
    ],
    [
      'a key has a field less',
      layout(WORD, { size: 8, fields: { a: word(0), b: word(4) } }),
      layout(WORD, { size: 4, fields: { a: word(0) } }),
    ],
    ['a field has another size', value, layout({ size: 2, fields: { a: { offset: 0, size: 2 } } })],
    ['no field is the same', value, layout({ size: 4, fields: { c: word(0) } })],
    ['a map has no types', { keySize: 4, valueSize: 8 }, value],
  ])('is none where %s', (_, from, to) => {
    expect(translation(from, to)).toBeUndefined();
  });
});

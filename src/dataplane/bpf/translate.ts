import type { Shape } from './btf.js';
import type { EntryLayout } from './map-layout.js';

/** Turns keys and values of a map of another layout into those of ours, field by field. */
export interface Translation {
  readonly from: EntryLayout;
  readonly to: EntryLayout;
  readonly key: (from: Buffer, at: number) => Buffer;
  readonly value: (from: Buffer, at: number) => Buffer;
}

/**
 * A field is the same by its name and size. Of a key all have to be the same; of a value what is
 * new is zero and what is no more is left out.
 * @returns undefined where the two do not mean the same
 */
export function translation(from: EntryLayout, to: EntryLayout): Translation | undefined {
  const key = moves(from.key, to.key);
  const value = moves(from.value, to.value);
  if (key === undefined || value === undefined) return undefined;
  if (Object.keys(from.key?.fields ?? {}).length !== key.length) return undefined;
  if (Object.keys(to.key?.fields ?? {}).length !== key.length) return undefined;
  return {
    ...{ from, to },
    key: (source, at) => moved(source, at, key, to.keySize),
    value: (source, at) => moved(source, at, value, to.valueSize),
  };
}

interface Move {
  readonly from: number;
  readonly to: number;
  readonly size: number;
}

function moves(from: Shape | undefined, to: Shape | undefined): Move[] | undefined {
  if (from === undefined || to === undefined) return undefined;
  const found: Move[] = [];
  for (const [name, target] of Object.entries(to.fields)) {
    const source = from.fields[name];
    if (source === undefined) continue;
    if (source.size !== target.size) return undefined;
    found.push({ from: source.offset, to: target.offset, size: target.size });
  }
  return found.length === 0 ? undefined : found;
}

function moved(source: Buffer, at: number, all: readonly Move[], size: number): Buffer {
  const target = Buffer.alloc(size);
  for (const move of all) source.copy(target, move.to, at + move.from, at + move.from + move.size);
  return target;
}

import { NvgateError } from '../../errors.js';
import { errorName, expectSuccess, libbpf, type Fd } from './libbpf.js';

/** How the keys and values of one map stand in memory. */
export interface MapCodec<Key, Value> {
  readonly name: string;
  readonly keySize: number;
  readonly valueSize: number;
  writeKey(key: Key, to: Buffer, at: number): void;
  writeValue(value: Value, to: Buffer, at: number): void;
  readKey(from: Buffer, at: number): Key;
  readValue(from: Buffer, at: number): Value;
}

/** A BPF map with typed keys and values. */
export interface TypedMap<Key, Value> {
  get(key: Key): Value | undefined;
  /** Adds or replaces. */
  set(key: Key, value: Value): void;
  /** Adds or replaces all; much faster than one by one. */
  setAll(entries: readonly (readonly [Key, Value])[]): void;
  /** Deleting what is not there is fine. */
  delete(key: Key): void;
  /** All entries, in no order. Read in batches, so entries changed meanwhile may be old or new. */
  entries(): [Key, Value][];
  /** As `entries`, some thousands at a time. */
  pieces(): Generator<[Key, Value][]>;
}

const BATCH = 65_536;
/** Takes a few milliseconds. */
const PIECE = 8_192;

/** struct bpf_map_batch_opts: sz, elem_flags, flags. */
const BATCH_OPTIONS = Buffer.alloc(24);
BATCH_OPTIONS.writeBigUInt64LE(24n, 0);

/**
 * @param copies how many values stand for one key: 1, or one per possible CPU
 */
export function typedMap<Key, Value>(
  fd: Fd,
  codec: MapCodec<Key, Value>,
  copies = 1,
): TypedMap<Key, Value> {
  const bpf = libbpf();
  const key = Buffer.alloc(codec.keySize);
  const valueSize = codec.valueSize * copies;
  const value = Buffer.alloc(valueSize);

  function setAll(entries: readonly (readonly [Key, Value])[]): void {
    for (let start = 0; start < entries.length; start += BATCH) {
      const part = entries.slice(start, start + BATCH);
      const keys = Buffer.alloc(part.length * codec.keySize);
      const values = Buffer.alloc(part.length * valueSize);
      part.forEach(([entryKey, entryValue], index) => {
        codec.writeKey(entryKey, keys, index * codec.keySize);
        codec.writeValue(entryValue, values, index * valueSize);
      });
      const count = Buffer.alloc(4);
      count.writeUInt32LE(part.length);
      expectWritten(bpf.updateBatch(fd, keys, values, count, BATCH_OPTIONS), codec.name);
    }
  }

  function* read(size: number): Generator<[Key, Value][]> {
    for (const { keys, values, count } of readBatches(fd, codec, valueSize, size))
      yield Array.from({ length: count }, (_, index) => [
        codec.readKey(keys, index * codec.keySize),
        codec.readValue(values, index * valueSize),
      ]);
  }

  return {
    get: (wanted) => {
      codec.writeKey(wanted, key, 0);
      const result = bpf.lookup(fd, key, value);
      if (result < 0 && errorName(result) === 'ENOENT') return undefined;
      expectSuccess(result, `reading BPF map ${codec.name}`);
      return codec.readValue(value, 0);
    },
    set: (entryKey, entryValue) => {
      codec.writeKey(entryKey, key, 0);
      codec.writeValue(entryValue, value, 0);
      expectWritten(bpf.update(fd, key, value, 0), codec.name);
    },
    setAll,
    delete: (unwanted) => {
      codec.writeKey(unwanted, key, 0);
      const result = bpf.remove(fd, key);
      if (result < 0 && errorName(result) !== 'ENOENT')
        expectSuccess(result, `deleting from BPF map ${codec.name}`);
    },
    entries: () => [...read(BATCH)].flat(),
    pieces: () => read(PIECE),
  };
}

/** Keys and values one behind the other; good until the next batch is read. */
export interface RawBatch {
  readonly keys: Buffer;
  readonly values: Buffer;
  readonly count: number;
}

/**
 * Reads all entries as they stand in memory.
 * @param valueSize of all copies of one key's value together
 */
export function* readBatches(
  fd: Fd,
  { name, keySize }: Pick<MapCodec<unknown, unknown>, 'name' | 'keySize'>,
  valueSize: number,
  size = BATCH,
): Generator<RawBatch> {
  const bpf = libbpf();
  const keys = Buffer.alloc(size * keySize);
  const values = Buffer.alloc(size * valueSize);
  const count = Buffer.alloc(4);
  /* Hash maps continue at a bucket number, the trie at a key. */
  const next = Buffer.alloc(Math.max(keySize, 8));
  let from: Buffer | null = null;
  for (;;) {
    count.writeUInt32LE(size);
    const result = bpf.lookupBatch(fd, from, next, keys, values, count, BATCH_OPTIONS);
    const end = result < 0 && errorName(result) === 'ENOENT';
    if (!end) expectSuccess(result, `reading BPF map ${name}`);
    yield { keys, values, count: count.readUInt32LE() };
    if (end) return;
    from = Buffer.from(next);
  }
}

function expectWritten(result: number, name: string): void {
  if (result < 0 && ['E2BIG', 'ENOSPC'].includes(errorName(result)))
    throw new NvgateError(
      'limitExceeded',
      `BPF map ${name} is full. Raise its limit in the configuration.`,
    );
  expectSuccess(result, `writing BPF map ${name}`);
}

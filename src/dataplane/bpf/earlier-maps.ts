import { unlinkSync } from 'node:fs';
import { errorName, expectSuccess, libbpf, type Fd } from './libbpf.js';
import { entryLayoutInKernel } from './map-layout.js';
import type { MapName } from './map-names.js';
import { readBatches, type MapCodec } from './map.js';
import { listPins } from './pins.js';
import { translation, type Translation } from './translate.js';

/*
 * Maps of another layout, which an earlier build has left and whose programs may still run. Those of
 * the policy are filled anew from the policy. What packets have taught is carried over, and what
 * they have been counted as stays where it is and is added to what our maps count: so nothing is
 * counted twice or lost, whenever a process dies on the way.
 */

/** A map of another layout whose entries can be read as ours. */
export interface EarlierMap {
  readonly fd: Fd;
  readonly translation: Translation;
}

const COUNTING = ['counters', 'peer_problems'] as const;
type CountingMap = (typeof COUNTING)[number];

/** Only peers of the policy get in, and the control plane forgets them in time. */
const CARRIED = 'path_mtus' satisfies MapName;

export interface EarlierMaps {
  readonly counting: Readonly<Record<CountingMap, readonly EarlierMap[]>>;
  /** Whether there are maps that only earlier programs need. */
  isNeeded(): boolean;
  /** When no device has earlier programs any more: takes the pins away of what only they needed. */
  drop(): void;
  close(): void;
}

/** Opens what is pinned in the directory besides our own maps, and carries over. */
export function openEarlierMaps(
  directory: string,
  own: ReadonlySet<string>,
  maps: Readonly<Record<MapName, Fd>>,
): EarlierMaps {
  const pins = listPins(directory).filter(({ path }) => !own.has(path));
  const opened: EarlierMap[] = [];
  const open = (name: MapName): EarlierMap[] =>
    pins
      .filter(({ map }) => map === name)
      .flatMap(({ path }) => openAs(path, maps[name]))
      .map((earlier) => {
        opened.push(earlier);
        return earlier;
      });

  const counting = { counters: open('counters'), peer_problems: open('peer_problems') };
  const carried = open(CARRIED);
  const carry = (): void => carried.forEach((earlier) => carryOver(earlier, maps[CARRIED]));
  carry();

  const isCounting = (map: MapName): boolean => COUNTING.some((each) => each === map);
  let needed = pins.filter(({ map }) => !isCounting(map));
  return {
    counting,
    isNeeded: () => needed.length > 0,
    drop() {
      carry();
      for (const { path } of needed) unlinkSync(path);
      needed = [];
    },
    close() {
      for (const { fd } of opened) libbpf().close(fd);
    },
  };
}

/** Nothing where its entries do not mean what ours do. */
function openAs(path: string, own: Fd): EarlierMap[] {
  const fd = expectSuccess(libbpf().openPin(path), `BPF map ${path}`);
  const found = translation(entryLayoutInKernel(fd), entryLayoutInKernel(own));
  if (found !== undefined) return [{ fd, translation: found }];
  libbpf().close(fd);
  return [];
}

const ONLY_NEW = 1;

/** What is in our map is newer. */
function carryOver({ fd, translation: { from, key, value } }: EarlierMap, own: Fd): void {
  const source = { name: CARRIED, keySize: from.keySize };
  for (const { keys, values, count } of readBatches(fd, source, from.valueSize))
    for (let index = 0; index < count; index++) {
      const result = libbpf().update(
        own,
        key(keys, index * from.keySize),
        value(values, index * from.valueSize),
        ONLY_NEW,
      );
      if (result < 0 && !['EEXIST', 'E2BIG', 'ENOSPC'].includes(errorName(result)))
        expectSuccess(result, `carrying over BPF map ${CARRIED}`);
    }
}

/**
 * The entries of an earlier map, read as ours.
 * @param copies how many values stand for one key: 1, or one per possible CPU
 */
export function earlierEntries<Key, Value>(
  { fd, translation: { from, to, key, value } }: EarlierMap,
  codec: MapCodec<Key, Value>,
  copies = 1,
): [Key, Value][] {
  // The kernel begins each CPU's copy at a multiple of 8.
  const stride = (size: number): number => (copies === 1 ? size : Math.ceil(size / 8) * 8);
  const [source, target] = [stride(from.valueSize), stride(to.valueSize)];
  const found: [Key, Value][] = [];
  const { name } = codec;
  for (const { keys, values, count } of readBatches(
    fd,
    { name, keySize: from.keySize },
    source * copies,
  ))
    for (let index = 0; index < count; index++) {
      const ours = Buffer.alloc(target * copies);
      for (let copy = 0; copy < copies; copy++)
        value(values, (index * copies + copy) * source).copy(ours, copy * target);
      found.push([codec.readKey(key(keys, index * from.keySize), 0), codec.readValue(ours, 0)]);
    }
  return found;
}

import { NvgateError, type Problem } from '../../src/errors.js';

/** Names of the configured devices; the first one is taken where a document names none. */
export interface Devices {
  readonly underlay: readonly string[];
  readonly external: readonly string[];
}

/** An object of a document whose shape may still be anything. */
export type Fields = Readonly<Partial<Record<string, unknown>>>;

/**
 * Reads one noun of a document. What is wrong is added to `problems`, each path relative to the
 * noun; with a problem the answer is undefined, and what could be read of it was checked too.
 */
export type NounReader<T> = (value: unknown, problems: Problem[]) => T | undefined;

/** A noun of a list; `index` is its place there. */
export type ItemReader<T> = (value: unknown, problems: Problem[], index: number) => T | undefined;

/** Model objects that were read from one list, each at its index in the document. */
export interface PlacedList {
  /** JSON pointer of the list. */
  readonly pointer: string;
  readonly objects: readonly (object | undefined)[];
  /** Pointer from the list's item on to the object, where the object is a part of the item. */
  readonly below?: string;
}

/** A document on its way into the model: what was wrong so far, and where each object stood. */
export interface Reading {
  readonly problems: Problem[];
  readonly lists: PlacedList[];
}

/**
 * Reads one field, its error becoming a problem. A value of another type than `parse` takes is
 * passed over: the check of the shape has reported it.
 */
export function readText<T>(
  problems: Problem[],
  path: string,
  parse: (text: string) => T,
  value: unknown,
): T | undefined {
  return typeof value === 'string' ? attempt(problems, path, parse, value) : undefined;
}

/** As `readText`, for a whole number. */
export function readInteger<T>(
  problems: Problem[],
  path: string,
  parse: (value: number) => T,
  value: unknown,
): T | undefined {
  return Number.isInteger(value) ? attempt(problems, path, parse, value as number) : undefined;
}

function attempt<I, T>(
  problems: Problem[],
  path: string,
  parse: (input: I) => T,
  input: I,
): T | undefined {
  try {
    return parse(input);
  } catch (error) {
    if (!(error instanceof NvgateError)) throw error;
    problems.push({ path, code: error.code, message: error.message });
    return undefined;
  }
}

/**
 * Reads a list of nouns into a map by key, in the order of the list. The same key twice is a
 * problem `duplicate`. Paths are put together only where there is a problem: a list may hold 10^6.
 *
 * @param base JSON pointer of the object that has the list; paths of problems are relative to it
 * @param name field of the list in that object
 */
export function readList<K, T extends object>(
  reading: Reading,
  base: string,
  name: string,
  values: unknown,
  read: ItemReader<T>,
  keyOf: (object: T) => K,
): Map<K, T> {
  const { problems } = reading;
  const found = new Map<K, T>();
  if (!Array.isArray(values)) return found;
  const objects = new Array<T | undefined>(values.length);
  let positions: Map<object, number> | undefined;
  const pointer = `${base}/${name}`;
  for (const [index, value] of values.entries()) {
    const before = problems.length;
    const object = read(value, problems, index);
    if (problems.length > before) prefixPaths(problems, before, `/${name}/${index}`);
    if (object === undefined) continue;
    const key = keyOf(object);
    const earlier = found.get(key);
    if (earlier === undefined) {
      found.set(key, object);
      objects[index] = object;
      positions?.set(object, index);
    } else {
      positions ??= positionsOf(objects);
      problems.push({
        path: `/${name}/${index}`,
        code: 'duplicate',
        message: `Is there already, at ${pointer}/${positions.get(earlier) ?? ''}. Leave one of them out.`,
      });
    }
  }
  reading.lists.push({ pointer, objects });
  return found;
}

function positionsOf(objects: readonly (object | undefined)[]): Map<object, number> {
  const positions = new Map<object, number>();
  for (const [index, object] of objects.entries())
    if (object !== undefined) positions.set(object, index);
  return positions;
}

/** Puts `prefix` before the paths of the problems from index `from` on. */
export function prefixPaths(problems: Problem[], from: number, prefix: string): void {
  for (let i = from; i < problems.length; i++) {
    const problem = problems[i];
    if (problem !== undefined) problems[i] = { ...problem, path: prefix + problem.path };
  }
}

/**
 * Says where in the document a model object was read from, as a JSON pointer; undefined for an
 * object from elsewhere. The index is made at the first question: most pushes have nothing wrong.
 */
export function locator(lists: readonly PlacedList[]): (subject: object) => string | undefined {
  let places: Map<object, { list: PlacedList; index: number }> | undefined;
  return (subject) => {
    places ??= indexPlaces(lists);
    const place = places.get(subject);
    if (place === undefined) return undefined;
    return `${place.list.pointer}/${place.index}${place.list.below ?? ''}`;
  };
}

function indexPlaces(
  lists: readonly PlacedList[],
): Map<object, { list: PlacedList; index: number }> {
  const places = new Map<object, { list: PlacedList; index: number }>();
  for (const list of lists)
    for (const [index, object] of list.objects.entries())
      if (object !== undefined) places.set(object, { list, index });
  return places;
}

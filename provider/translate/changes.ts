import { Type } from 'typebox';
import type { Problem } from '../../src/errors.js';
import type { Change } from '../../src/policy/change.js';
import { translateChange } from './change.js';
import { locator, prefixPaths, type Devices, type PlacedList, type Reading } from './reading.js';
import { isObject, shapeCheck } from './shape.js';

/** The changes of a PATCH, as the model has them. */
export interface TranslatedChanges {
  /** In their order; without those that have problems. */
  readonly changes: readonly Change[];
  readonly problems: readonly Problem[];
  /** JSON pointer of a change, or of an object that one carries; undefined for any other object. */
  readonly locate: (subject: object) => string | undefined;
}

const hasShape = shapeCheck(
  Type.Object({ changes: Type.Array(Type.Unknown()) }, { additionalProperties: false }),
);

/** Reads the body of a PATCH, a `ChangesDocument` if it is right. Never throws for what it says. */
export function translateChanges(document: unknown, devices: Devices): TranslatedChanges {
  const reader = changesReader(devices);
  hasShape(document, reader.problems);
  const items = isObject(document) && Array.isArray(document['changes']) ? document['changes'] : [];
  for (const item of items) reader.add(item);
  return reader.read();
}

/** Reads changes one after the other, as they come; nothing of their documents is kept. */
export interface ChangesReader {
  readonly problems: Problem[];
  add(item: unknown): void;
  /** Keeps the place of a change that cannot even be read, so that it is reported with all other errors. */
  addUnreadable(message: string): void;
  /** All that was added. */
  read(): TranslatedChanges;
}

export function changesReader(devices: Devices): ChangesReader {
  const reading: Reading = { problems: [], lists: [] };
  const { problems } = reading;
  const changes: Change[] = [];
  /** By their place in the list. */
  const placed: (Change | undefined)[] = [];
  return {
    problems,
    add(item) {
      const pointer = `/changes/${placed.length}`;
      const before = problems.length;
      const change = translateChange(reading, pointer, item, devices);
      prefixPaths(problems, before, pointer);
      placed.push(change);
      if (change !== undefined) changes.push(change);
    },
    addUnreadable(message) {
      problems.push({ path: `/changes/${placed.length}`, code: 'malformedRequest', message });
      placed.push(undefined);
    },
    read: () => ({
      changes,
      problems,
      locate: lazily(() => locator([...reading.lists, ...listsOf(placed)])),
    }),
  };
}

/** The changes, and the objects that they carry. Most pushes have nothing wrong, and need none of it. */
function listsOf(placed: readonly (Change | undefined)[]): PlacedList[] {
  const upserts = placed.map((change) => (change?.op === 'upsert' ? change : undefined));
  const heads = upserts.map((change) =>
    change?.kind === 'routingDomain' ? change.value.head : undefined,
  );
  return [
    { pointer: '/changes', objects: placed },
    { pointer: '/changes', objects: upserts.map((change) => change?.value), below: '/value' },
    { pointer: '/changes', objects: heads, below: '/value' },
  ];
}

function lazily(make: () => TranslatedChanges['locate']): TranslatedChanges['locate'] {
  let made: TranslatedChanges['locate'] | undefined;
  return (subject) => (made ??= make())(subject);
}

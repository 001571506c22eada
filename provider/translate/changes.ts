import { Type } from 'typebox';
import type { Problem } from '../../src/errors.js';
import type { Change } from '../../src/policy/change.js';
import { translateChange } from './change.js';
import { locator, prefixPaths, type Devices, type Reading } from './reading.js';
import { isObject, shapeCheck } from './shape.js';

/** The changes of a PATCH, as the model has them. */
export interface TranslatedChanges {
  /** In their order; without those that have problems. */
  readonly changes: readonly Change[];
  readonly problems: readonly Problem[];
  /** JSON pointer of a change, or of an object that one carries; undefined for any other object. */
  readonly locate: (subject: object) => string | undefined;
}

/** Stands in the list of changes for a line that is not JSON. */
export class UnreadableLine {
  constructor(readonly message: string) {}
}

const hasShape = shapeCheck(
  Type.Object({ changes: Type.Array(Type.Unknown()) }, { additionalProperties: false }),
);

/** Reads the body of a PATCH, a `ChangesDocument` if it is right. Never throws for what it says. */
export function translateChanges(document: unknown, devices: Devices): TranslatedChanges {
  const reading: Reading = { problems: [], lists: [] };
  const { problems } = reading;
  const changes: Change[] = [];
  const placed: (Change | undefined)[] = [];
  const values: (object | undefined)[] = [];
  const heads: (object | undefined)[] = [];
  hasShape(document, problems);
  const items = isObject(document) && Array.isArray(document['changes']) ? document['changes'] : [];
  for (const [index, item] of items.entries()) {
    const pointer = `/changes/${index}`;
    if (item instanceof UnreadableLine) {
      problems.push({ path: pointer, code: 'malformedRequest', message: item.message });
      continue;
    }
    const before = problems.length;
    const change = translateChange(reading, pointer, item, devices);
    prefixPaths(problems, before, pointer);
    if (change === undefined) continue;
    changes.push(change);
    placed[index] = change;
    if (change.op !== 'upsert') continue;
    values[index] = change.value;
    if (change.kind === 'routingDomain') heads[index] = change.value.head;
  }
  reading.lists.push({ pointer: '/changes', objects: placed });
  reading.lists.push({ pointer: '/changes', objects: values, below: '/value' });
  reading.lists.push({ pointer: '/changes', objects: heads, below: '/value' });
  return { changes, problems, locate: locator(reading.lists) };
}

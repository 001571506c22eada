import type { Connection } from '../model/connection.js';
import type { ProviderAddress } from '../model/addresses.js';
import type { LookupRecord, LookupRecordKey } from '../model/lookup-record.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { Change } from './change.js';
import type { Step } from './policy-index.js';
import { sameValue } from './same-value.js';
import { createPace, type Steps } from './steps.js';
import type { DomainTouch, Touched, TouchedRecords } from './touched.js';

/** What became of one entry: there was nothing to delete, or it says the same as before, or not. */
export type PutOutcome = 'missing' | 'same' | 'differs';

/** Edits a policy in place. */
export interface Edits {
  perform(act: () => void, undo: () => void): void;
  /** Sets one entry, or deletes it when `after` is undefined; `count` keeps an index up to date. */
  put<Key, Value>(
    map: Map<Key, Value>,
    key: Key,
    after: Value | undefined,
    count: (value: Value, step: Step) => void,
  ): PutOutcome;
  /** Notes a change that was made; `part` where it made a difference. */
  note(change: Change, part?: TouchedPart): void;
}

/** Remembers how to take every edit back, and what made a difference. */
export interface Journal extends Edits {
  /** What makes a difference to before. */
  readonly changes: readonly Change[];
  /** All that was put in place, also what says the same as before. */
  readonly made: readonly Change[];
  readonly touched: Touched;
  readonly undoSteps: () => Steps;
}

/** Makes again what was made of an equal policy before: nobody asks what becomes of it. */
export const REPEATED: Edits = {
  perform: (act) => act(),
  put(map, key, after, count) {
    move(map, key, map.get(key), after, count);
    return 'same';
  },
  note: () => undefined,
};

export type TouchedPart =
  | 'providerAddresses'
  | 'providerRoutes'
  | { readonly domain: RoutingDomainId; readonly record?: TouchedRecord };

/** A lookup record that others may hang on, but only next hops and what the gateway has in the kernel. */
export interface TouchedRecord {
  readonly key: LookupRecordKey;
  readonly before: LookupRecord | undefined;
  readonly after: LookupRecord | undefined;
  /** Nothing at all hangs on it (`TouchedRecords`). */
  readonly alone: boolean;
}

export function createJournal(): Journal {
  const edits: Edit[] = [];
  const changes: Change[] = [];
  const made: Change[] = [];
  const domains = new Map<RoutingDomainId, DomainTouch>();
  const connections = new Set<Connection>();
  const records = new Map<RoutingDomainId, OpenTouchedRecords>();
  const touched = {
    ...{ providerAddresses: false, providerRoutes: false },
    ...{ domains, connections, records },
  };
  /** The same sets as in `domains`, still open. */
  const keys = new Map<RoutingDomainId, Set<LookupRecordKey>>();
  /** Routing domains in which a record that others hang on has been touched, or more. */
  const further = new Set<RoutingDomainId>();

  return {
    changes,
    made,
    touched,

    perform(act, undo) {
      act();
      edits.push({ undo });
    },

    put(map, key, after, count) {
      const before = map.get(key);
      if (before === undefined && after === undefined) return 'missing';
      // An equal object still takes the old one's place: findings then name the one just pushed.
      if (before !== after) {
        move(map, key, before, after, count);
        edits.push(new EntryEdit(map, key, before, after, count));
      }
      return sameValue(before, after) ? 'same' : 'differs';
    },

    note(change, part) {
      made.push(change);
      if (part === undefined) return;
      changes.push(change);
      if (change.op === 'upsert')
        for (const connection of connectionsIn(change)) connections.add(connection);
      if (typeof part === 'string') {
        touched[part] = true;
        return;
      }
      const { domain, record } = part;
      if (record?.alone !== true) {
        further.add(domain);
        records.delete(domain);
      }
      if (record === undefined) {
        domains.set(domain, 'whole');
        return;
      }
      const open = keys.get(domain) ?? new Set();
      keys.set(domain, open.add(record.key));
      if (domains.get(domain) !== 'whole') domains.set(domain, open);
      if (!further.has(domain)) noteRecord(records, domain, record);
    },

    *undoSteps() {
      const isTime = createPace();
      for (let at = edits.length - 1; at >= 0; at--) {
        edits[at]?.undo();
        if (isTime()) yield;
      }
    },
  };
}

interface OpenTouchedRecords extends TouchedRecords {
  readonly records: Map<LookupRecordKey, LookupRecord>;
  readonly providerAddresses: Set<ProviderAddress>;
}

interface Edit {
  undo(): void;
}

/** A push may hold a million of these: an object of five fields takes less room than functions. */
class EntryEdit<Key, Value> implements Edit {
  constructor(
    private readonly map: Map<Key, Value>,
    private readonly key: Key,
    private readonly before: Value | undefined,
    private readonly after: Value | undefined,
    private readonly count: (value: Value, step: Step) => void,
  ) {}

  undo(): void {
    move(this.map, this.key, this.after, this.before, this.count);
  }
}

function move<Key, Value>(
  map: Map<Key, Value>,
  key: Key,
  from: Value | undefined,
  to: Value | undefined,
  count: (value: Value, step: Step) => void,
): void {
  if (from !== undefined) count(from, -1);
  if (to === undefined) map.delete(key);
  else {
    map.set(key, to);
    count(to, 1);
  }
}

function noteRecord(
  records: Map<RoutingDomainId, OpenTouchedRecords>,
  domain: RoutingDomainId,
  { key, before, after }: TouchedRecord,
): void {
  let touched = records.get(domain);
  if (touched === undefined) {
    touched = { records: new Map(), providerAddresses: new Set() };
    records.set(domain, touched);
  }
  const record = after ?? before;
  if (record !== undefined) touched.records.set(key, record);
  if (before !== undefined) touched.providerAddresses.add(before.providerAddress);
  if (after !== undefined) touched.providerAddresses.add(after.providerAddress);
}

function connectionsIn(change: Extract<Change, { op: 'upsert' }>): Iterable<Connection> {
  if (change.kind === 'connection') return [change.value];
  return change.kind === 'routingDomain' ? change.value.connections.values() : [];
}

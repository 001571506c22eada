import type { Connection } from '../model/connection.js';
import type { ProviderAddress } from '../model/addresses.js';
import type { LookupRecord, LookupRecordKey } from '../model/lookup-record.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { Change } from './change.js';
import type { Step } from './policy-index.js';
import { sameValue } from './same-value.js';
import type { DomainTouch, Touched, TouchedRecords } from './touched.js';

/** What became of one entry: there was nothing to delete, or it says the same as before, or not. */
export type PutOutcome = 'missing' | 'same' | 'differs';

/** Edits maps in place and remembers how to take every edit back, and what made a difference. */
export interface Journal {
  readonly changes: readonly Change[];
  readonly touched: Touched;
  perform(redo: () => void, undo: () => void): void;
  /** Sets one entry, or deletes it when `after` is undefined; `count` keeps an index up to date. */
  put<Key, Value>(
    map: Map<Key, Value>,
    key: Key,
    after: Value | undefined,
    count: (value: Value, step: Step) => void,
  ): PutOutcome;
  /** Notes a change that made a difference. */
  note(change: Change, part: TouchedPart): void;
  readonly undo: () => void;
  readonly redo: () => void;
}

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
  const edits: { readonly redo: () => void; readonly undo: () => void }[] = [];
  const changes: Change[] = [];
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

  function perform(redo: () => void, undo: () => void): void {
    redo();
    edits.push({ redo, undo });
  }

  return {
    changes,
    touched,
    perform,

    put(map, key, after, count) {
      const before = map.get(key);
      if (before === undefined && after === undefined) return 'missing';
      const move = (from: typeof before, to: typeof before): void => {
        if (from !== undefined) count(from, -1);
        if (to === undefined) map.delete(key);
        else {
          map.set(key, to);
          count(to, 1);
        }
      };
      // An equal object still takes the old one's place: findings then name the one just pushed.
      if (before !== after)
        perform(
          () => move(before, after),
          () => move(after, before),
        );
      return sameValue(before, after) ? 'same' : 'differs';
    },

    note(change, part) {
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

    undo() {
      for (const edit of edits.toReversed()) edit.undo();
    },

    redo() {
      for (const edit of edits) edit.redo();
    },
  };
}

interface OpenTouchedRecords extends TouchedRecords {
  readonly records: Map<LookupRecordKey, LookupRecord>;
  readonly providerAddresses: Set<ProviderAddress>;
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
  for (const record of [before, after])
    if (record !== undefined) {
      touched.records.set(key, record);
      touched.providerAddresses.add(record.providerAddress);
    }
}

function connectionsIn(change: Extract<Change, { op: 'upsert' }>): Iterable<Connection> {
  if (change.kind === 'connection') return [change.value];
  return change.kind === 'routingDomain' ? change.value.connections.values() : [];
}

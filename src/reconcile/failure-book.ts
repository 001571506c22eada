import type { Place } from '../dataplane/kernel-object.js';
import type { Scope } from '../dataplane/port.js';
import type { PolicyRef } from '../model/policy-ref.js';
import type { ReconcileEvent } from './events.js';
import type { Failure } from './failure.js';
import { scopeHas, scopeOf } from './scope.js';

/** What the last run of each part could not do. */
export interface FailureBook {
  /** By policy object, the first reason of each. */
  readonly owned: ReadonlyMap<PolicyRef, string>;
  /** Of no policy object: what could not be removed, what serves several. */
  readonly unowned: readonly string[];
  readonly count: number;
  /** Of the kernel objects that could not be made, changed or removed. */
  readonly keys: ReadonlySet<string>;
  /** The parts that have failures. */
  readonly scope: Scope;
  /** Takes the outcome of a run for the parts that it covered. Returns what is new about it. */
  record(covered: Scope, failures: readonly Failure[]): ReconcileEvent[];
}

export function createFailureBook(): FailureBook {
  const parts = new Map<Place, Failure[]>();
  let owned = new Map<PolicyRef, string>();
  let unowned: string[] = [];
  let keys = new Set<string>();
  return {
    get owned() {
      return owned;
    },
    get unowned() {
      return unowned;
    },
    get count() {
      return owned.size + unowned.length;
    },
    get keys() {
      return keys;
    },
    get scope() {
      return scopeOf(parts.keys());
    },
    record(covered, failures) {
      for (const part of parts.keys()) if (scopeHas(covered, part)) parts.delete(part);
      for (const failure of failures) {
        const ofPart = parts.get(failure.part);
        if (ofPart === undefined) parts.set(failure.part, [failure]);
        else ofPart.push(failure);
      }
      const before = { owned, unowned };
      owned = new Map();
      unowned = [];
      keys = new Set();
      for (const { owner, reason, key } of [...parts.values()].flat()) {
        if (key !== undefined) keys.add(key);
        if (owner === undefined) unowned.push(reason);
        else if (!owned.has(owner)) owned.set(owner, reason);
      }
      return news(before, { owned, unowned });
    },
  };
}

interface Outcome {
  readonly owned: ReadonlyMap<PolicyRef, string>;
  readonly unowned: readonly string[];
}

function news(before: Outcome, after: Outcome): ReconcileEvent[] {
  const events: ReconcileEvent[] = [];
  for (const [owner, reason] of after.owned)
    if (before.owned.get(owner) !== reason) events.push({ type: 'failed', owner, reason });
  for (const reason of after.unowned)
    if (!before.unowned.includes(reason)) events.push({ type: 'failed', reason });
  for (const owner of before.owned.keys())
    if (!after.owned.has(owner)) events.push({ type: 'recovered', owner });
  return events;
}

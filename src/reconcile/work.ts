import type { Scope } from '../dataplane/port.js';
import type { NvgateError } from '../errors.js';
import { mergeScopes } from './scope.js';

/** What the next run is to look at. */
export interface Work {
  readonly scope: Scope;
  /** The part of it that differs because the policy has changed, not because the kernel drifted. */
  readonly pushed: Scope;
  /** The part that differs for another good reason: a tunnel has come or gone, a way carries less. */
  readonly expected: Scope;
  /** Newest revision that this work brings to the kernel; undefined where it brings none. */
  readonly revision: number | undefined;
  /** Those who wait for the end of the run. */
  readonly waiting: readonly Waiting[];
}

export interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: NvgateError) => void;
}

export function mergeWork(a: Work | undefined, b: Work): Work {
  if (a === undefined) return b;
  return {
    scope: mergeScopes(a.scope, b.scope),
    pushed: mergeScopes(a.pushed, b.pushed),
    expected: mergeScopes(a.expected, b.expected),
    revision:
      a.revision === undefined || b.revision === undefined
        ? (a.revision ?? b.revision)
        : Math.max(a.revision, b.revision),
    waiting: [...a.waiting, ...b.waiting],
  };
}

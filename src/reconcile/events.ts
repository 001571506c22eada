import type { PolicyRef } from '../model/policy-ref.js';

/** What the reconcile loop tells whoever listens. */
export type ReconcileEvent =
  /** A revision has been brought to the kernel, but for `failures` objects. */
  | {
      readonly type: 'synchronized';
      readonly revision: number;
      readonly operations: number;
      readonly failures: number;
    }
  /** Something could not be done, and it is news; without `owner` it is of no single policy object. */
  | { readonly type: 'failed'; readonly owner?: PolicyRef; readonly reason: string }
  /** What had failed is in the kernel now, or nobody wants it any more. */
  | { readonly type: 'recovered'; readonly owner: PolicyRef }
  /** Objects were missing or wrong in the kernel that no push had touched; the first few by name. */
  | { readonly type: 'repaired'; readonly count: number; readonly objects: readonly string[] };

export type ReconcileListener = (event: ReconcileEvent) => void;

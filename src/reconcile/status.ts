import type { ObjectState } from '../model/object-state.js';
import type { PolicyRef } from '../model/policy-ref.js';

/** How far the kernel is with the policy. */
export interface ReconcileStatus {
  /** The newest revision that has been brought to the kernel, failures included. */
  readonly revision: number;
  readonly lastRunAt: Date | undefined;
  /** Objects that could not be made, each with the reason. */
  readonly failures: ReadonlyMap<PolicyRef, string>;
  /** Failures that belong to no single policy object. */
  readonly gatewayFailures: readonly string[];
  /** Kernel objects found missing or wrong since the daemon started, and mended. */
  readonly repairs: number;
}

/** What the provider API asks about the reconcile loop. */
export interface StatusSource {
  status(): ReconcileStatus;
  stateOf(ref: PolicyRef): ObjectState;
  /** Resolves once that revision has been brought to the kernel (failures included). */
  synchronized(revision: number, signal?: AbortSignal): Promise<void>;
}

import type { Policy } from '../model/policy.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { Change } from './change.js';
import type { Finding } from './finding.js';
import type { LostPolicy } from './lost-policy.js';
import type { PolicyIndex } from './policy-index.js';
import type { TouchedRecords } from './touched.js';

/** A policy and the number of pushes that led to it. */
export interface Snapshot {
  readonly revision: number;
  readonly policy: Policy;
}

/** Which parts of the policy a push has touched. */
export interface PushScope {
  /** Provider addresses, provider routes, or anything else outside routing domains. */
  readonly gateway: boolean;
  readonly domains: ReadonlySet<RoutingDomainId>;
  /** What is known of those among `domains` in which only lookup records look different. */
  readonly records?: RecordScope;
}

/** Lookup records that stand alone, and whose packets the domains take now. */
export interface RecordScope {
  readonly domains: ReadonlyMap<RoutingDomainId, TouchedRecords>;
  /** Of the durable policy as it is when it is read. */
  readonly index: Pick<PolicyIndex, 'domains'>;
}

export interface PushResult {
  readonly revision: number;
  readonly scope: PushScope;
  readonly warnings: readonly Finding[];
}

export interface PushOptions {
  /** Refuse with `revisionMismatch` unless this is the current revision. */
  readonly ifMatch?: number;
}

/**
 * The policy of this gateway: validated, durable, numbered. A push is applied whole or not at
 * all, and is durable when its promise resolves.
 */
export interface PolicyService {
  /**
   * The policy as of the last durable push. Read it before anybody else has a turn: later pushes
   * are tried in its place.
   */
  current(): Snapshot;
  /**
   * Set from the start of a gateway that has lost its policy until a whole policy has been pushed.
   * Until then `current` is empty, which is not what the kernel should have, and changes are
   * refused with `policyLost`.
   */
  lost(): LostPolicy | undefined;
  replace(policy: Policy, options?: PushOptions): Promise<PushResult>;
  change(changes: readonly Change[], options?: PushOptions): Promise<PushResult>;
  /** Called after each durable push. Returns the function that ends it. */
  onPush(listener: (result: PushResult) => void): () => void;
}

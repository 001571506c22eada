import { EMPTY_POLICY, type Policy } from '../model/policy.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { applyChange } from './apply-change.js';
import type { Change } from './change.js';
import type { Finding } from './finding.js';
import { createJournal, REPEATED } from './journal.js';
import { createSecretKeeper } from './kept-secrets.js';
import { openPolicy } from './open-policy.js';
import { createIndex, type PolicyIndex } from './policy-index.js';
import { atOnce, createPace, type Steps } from './steps.js';
import { takeOrder } from './take-order.js';
import type { Touched } from './touched.js';

/** A policy that changes in place, and the index that goes with it. */
export interface PolicyState {
  readonly policy: Policy;
  readonly index: PolicyIndex;
  /**
   * Applies the changes in their order, each with the secrets that it leaves out as those before
   * it have left them. What names something that is not there is left out and reported as
   * `missing`, as is a secret that nobody has. Costs what the changes touch, however large the
   * policy is.
   */
  apply(changes: readonly Change[]): Applied;
  /** As `apply`; the last step has been made when all changes are in their place. */
  applySteps(changes: readonly Change[]): Steps<Applied>;
  /** Makes what another state of the same policy has made (`Applied.made`). */
  repeat(made: readonly Change[]): Steps;
  /**
   * Lists its objects as an equal policy does.
   * @param domains the routing domains that may list theirs otherwise
   */
  takeOrder(like: Policy, domains: Iterable<RoutingDomainId>): Steps;
}

/** Changes that have been applied. Several of them are taken back in reverse order. */
export interface Applied {
  /**
   * One `notFound` per change without an object, the change being its subject, and one
   * `missingSecret` per secret. With any of these the changes must not be stored.
   */
  readonly missing: readonly Finding[];
  /** Object with secrets filled in -> the object that was pushed. */
  readonly origins: ReadonlyMap<object, object>;
  readonly touched: Touched;
  /** What makes a difference to before. */
  readonly changes: readonly Change[];
  /** All that was put in place, secrets filled in; also what says the same as before. */
  readonly made: readonly Change[];
  readonly undo: () => void;
  readonly undoSteps: () => Steps;
}

/** Starts from a copy of `initial`. */
export function createPolicyState(initial: Policy = EMPTY_POLICY): PolicyState {
  const policy = openPolicy(initial);
  const keeper = createIndex();
  for (const domain of policy.routingDomains.values()) keeper.routingDomain(domain, 1);

  function* applySteps(changes: readonly Change[]): Steps<Applied> {
    const journal = createJournal();
    const secrets = createSecretKeeper();
    const missing: Finding[] = [];
    const isTime = createPace();
    for (const change of changes) {
      const want = applyChange({ policy, keeper, journal, secrets }, change);
      if (want !== undefined) missing.push({ subject: change, code: 'notFound', message: want });
      if (isTime()) yield;
    }
    const { touched, changes: differing, made, undoSteps } = journal;
    const { origins } = secrets;
    missing.push(...secrets.missing);
    const undo = (): void => atOnce(undoSteps());
    return { missing, origins, touched, changes: differing, made, undo, undoSteps };
  }

  return {
    policy,
    index: keeper.index,
    apply: (changes) => atOnce(applySteps(changes)),
    applySteps,
    *repeat(made) {
      const target = { policy, keeper, journal: REPEATED, secrets: createSecretKeeper() };
      const isTime = createPace();
      for (const change of made) {
        applyChange(target, change);
        if (isTime()) yield;
      }
    },
    takeOrder: (like, domains) => takeOrder(policy, like, domains),
  };
}

import { NvgateError } from '../errors.js';
import type { Policy } from '../model/policy.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { Change } from './change.js';
import { diffPolicies } from './diff.js';
import type { PolicyEnvironment } from './environment.js';
import { PolicyRefusedError, type Finding } from './finding.js';
import { createSecretKeeper, fillPolicy, type SecretKeeper } from './kept-secrets.js';
import { policyLost, type LostPolicy } from './lost-policy.js';
import type { PolicyService, PushOptions, PushResult, Snapshot } from './service.js';
import { createPolicyState, type Applied, type PolicyState } from './state.js';
import { inTurns } from './steps.js';
import type { PolicyStore } from './store.js';
import { pushScope } from './touched.js';
import { policyValidation, touchedValidation } from './validate/index.js';
import type { Validation } from './validate/report.js';

/**
 * Pushes that wait together are stored together, up to this many changes, so that a stream of
 * small pushes does not pay for one disk flush each.
 */
const CHANGES_PER_COMMIT = 10_000;

type Content = { readonly policy: Policy } | { readonly changes: readonly Change[] };

interface WaitingPush {
  readonly content: Content;
  readonly ifMatch: number | undefined;
  readonly resolve: (result: PushResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A push that will be answered once the store has taken it and those before it. */
interface TriedPush {
  readonly push: WaitingPush;
  readonly outcome:
    { readonly applied: Applied; readonly result: PushResult } | { readonly refusal: unknown };
}

/** What a push comes to; that of a whole policy keeps the policy, with its secrets filled in. */
interface Proposal {
  readonly changes: readonly Change[];
  readonly whole?: { readonly policy: Policy; readonly secrets: SecretKeeper };
}

/** What was found in the store, by whoever has opened it. */
export interface Restored {
  readonly snapshot: Snapshot;
  readonly lost?: LostPolicy;
}

/**
 * Restores the policy from the store, unless that has been done, and serves it. The restored policy is not judged again: it
 * was when it was pushed, and traffic must go on even if the configuration is stricter now.
 * @throws NvgateError `storeUnavailable`
 */
export async function createPolicyService(
  store: PolicyStore,
  environment: PolicyEnvironment,
  restored?: Restored,
): Promise<PolicyService> {
  const { snapshot, lost } = restored ?? { snapshot: await store.load() };
  // Two that take turns: pushes are tried on the one while everybody reads the other.
  let served = createPolicyState(snapshot.policy);
  let tried = createPolicyState(snapshot.policy);
  const index = {
    get domains() {
      return served.index.domains;
    },
  };
  const listeners = new Set<(result: PushResult) => void>();
  const waiting: WaitingPush[] = [];
  let revision = snapshot.revision;
  let busy = false;
  /** Routing domains, where something has been taken out of `tried` and put back. */
  let disordered: Set<RoutingDomainId> | undefined;

  async function push(content: Content, options: PushOptions = {}): Promise<PushResult> {
    return new Promise((resolve, reject) => {
      waiting.push({ content, ifMatch: options.ifMatch, resolve, reject });
      if (!busy) void serve();
    });
  }

  async function serve(): Promise<void> {
    busy = true;
    try {
      while (waiting.length > 0) await serveTogether();
    } finally {
      busy = false;
    }
  }

  /**
   * Tries pushes one after the other, stores what they came to, and only then lets the policy that
   * has them take the other's place: nobody ever reads what is not durable, nor a part of a push.
   */
  async function serveTogether(): Promise<void> {
    const pushes: TriedPush[] = [];
    const changes: Change[] = [];
    let next = revision;
    while (changes.length < CHANGES_PER_COMMIT) {
      const first = waiting.shift();
      if (first === undefined) break;
      const outcome = await tryPush(first, next);
      pushes.push({ push: first, outcome });
      if (!('applied' in outcome)) continue;
      next = outcome.result.revision;
      for (const change of outcome.applied.changes) changes.push(change);
    }

    const applied = pushes.flatMap(({ outcome }) => ('applied' in outcome ? outcome.applied : []));
    if (applied.length > 0) {
      try {
        await store.commit(next, changes);
      } catch (error) {
        for (const each of applied.toReversed()) await takeBack(each);
        await settleOrder();
        // The refused ones too: what they were refused for may never have been stored.
        for (const each of pushes) each.push.reject(error);
        return;
      }
      [served, tried] = [tried, served];
    }
    revision = next;
    for (const { push: answered, outcome } of pushes)
      if ('refusal' in outcome) answered.reject(outcome.refusal);
      else answered.resolve(outcome.result);
    for (const { outcome } of pushes)
      if ('result' in outcome) for (const listener of listeners) listener(outcome.result);
    for (const { made } of applied) await inTurns(tried.repeat(made));
    await settleOrder();
  }

  async function takeBack({ made, touched, undoSteps }: Applied): Promise<void> {
    await inTurns(undoSteps());
    if (!made.some(({ op }) => op === 'delete')) return;
    disordered ??= new Set();
    for (const id of touched.domains.keys()) disordered.add(id);
  }

  /** Both policies list their objects alike, so that readers see no other order after each push. */
  async function settleOrder(): Promise<void> {
    if (disordered === undefined) return;
    await inTurns(tried.takeOrder(served.policy, disordered));
    disordered = undefined;
  }

  /** Leaves the policy as it was when it refuses. */
  async function tryPush(
    { content, ifMatch }: WaitingPush,
    at: number,
  ): Promise<TriedPush['outcome']> {
    let applied: Applied | undefined;
    try {
      if (ifMatch !== undefined && ifMatch !== at)
        throw new NvgateError(
          'revisionMismatch',
          `The policy is at revision ${at}, not ${ifMatch}. Read it again and decide whether the push still holds.`,
        );
      if (lost !== undefined && at === 0 && 'changes' in content) throw policyLost(lost);
      const proposal = propose(content, tried.policy);
      applied = await inTurns(tried.applySteps(proposal.changes));
      const { errors, warnings } = await judge(tried, environment, proposal, applied);
      if (errors.length > 0) throw new PolicyRefusedError(errors);
      const scope = pushScope(applied.touched, tried.policy, index);
      return { applied, result: { revision: at + 1, scope, warnings } };
    } catch (error) {
      if (applied !== undefined) await takeBack(applied);
      return { refusal: error };
    }
  }

  return {
    current: () => ({ revision, policy: served.policy }),
    lost: () => (revision === 0 ? lost : undefined),
    replace: async (policy, options) => push({ policy }, options),
    change: async (changes, options) => push({ changes }, options),
    onPush(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function propose(content: Content, current: Policy): Proposal {
  if ('changes' in content) return { changes: content.changes };
  const secrets = createSecretKeeper();
  const policy = fillPolicy(content.policy, current, secrets);
  return { changes: diffPolicies(current, policy), whole: { policy, secrets } };
}

async function judge(
  { policy, index }: PolicyState,
  environment: PolicyEnvironment,
  { whole }: Proposal,
  { missing, origins, touched }: Applied,
): Promise<Validation> {
  if (whole === undefined) {
    const found = await inTurns(touchedValidation({ policy, index, environment }, touched));
    return asPushed({ ...found, errors: [...missing, ...found.errors] }, origins);
  }
  // A whole policy is judged by itself, so that findings name the objects of the document.
  const { secrets } = whole;
  const found = await inTurns(policyValidation(whole.policy, environment, touched.connections));
  return asPushed({ ...found, errors: [...secrets.missing, ...found.errors] }, secrets.origins);
}

/** The document has the objects without the secrets that were filled in. */
function asPushed(
  { errors, warnings }: Validation,
  origins: ReadonlyMap<object, object>,
): Validation {
  const place = (finding: Finding): Finding => ({
    ...finding,
    subject: origins.get(finding.subject) ?? finding.subject,
  });
  return { errors: errors.map(place), warnings: warnings.map(place) };
}

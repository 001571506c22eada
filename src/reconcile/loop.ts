import {
  changedDomains,
  externalPlan,
  type ExternalPlan,
} from '../dataplane/compile/external-plan.js';
import { isOfRecords } from '../dataplane/compile/lookup-records.js';
import { objectKey, partOf, type Place } from '../dataplane/kernel-object.js';
import type { DataPlane, Operation, Scope } from '../dataplane/port.js';
import { NvgateError } from '../errors.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { PolicyService, PushResult } from '../policy/service.js';
import { watchDrift, type DriftWatch } from './drift.js';
import type { ReconcileEvent, ReconcileListener } from './events.js';
import { createFailureBook } from './failure-book.js';
import { createRecordLane } from './record-lane.js';
import type { RecordRunResult } from './record-run.js';
import { createRepairBook, type Judgement } from './repair-book.js';
import { createRetry } from './retry.js';
import { reconcileOnce, type RunContext, type RunResult } from './run.js';
import {
  isEmptyScope,
  mergeScopes,
  NOTHING,
  partOfRef,
  scopeHas,
  scopeOf,
  withoutScope,
} from './scope.js';
import type { StatusSource } from './status.js';
import { createTurns } from './turns.js';
import { createWaitingRoom } from './waiting-room.js';
import { mergeWork, type Work } from './work.js';

export interface ReconcilerOptions extends RunContext {
  readonly policy: Pick<PolicyService, 'current' | 'onPush'>;
  readonly dataPlane: Pick<DataPlane, 'observe' | 'apply' | 'domains' | 'onChange'>;
  /** Seconds between full comparisons, which find what somebody else has changed. */
  readonly intervalSeconds: number;
  readonly log: ReconcileLog;
  readonly onEvent?: ReconcileListener;
}

/** What the loop needs of a logger (pino has it). */
export interface ReconcileLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Keeps the kernel as the policy says: one run at a time, pushes in between gathered for the next. */
export interface Reconciler extends StatusSource {
  /** Brings the whole policy to the kernel, then follows each push. */
  start(): void;
  /** Ends after the run that is under way. The kernel keeps what it has. */
  stop(): Promise<void>;
  /**
   * Compares that part now. Resolves after the run, failures included.
   * @throws NvgateError `timedOut` when the loop stops first
   */
  reconcileNow(scope: Scope): Promise<void>;
  /** What the kernel should have for these domains has changed without a push: a tunnel, a path MTU. */
  environmentChanged(domains: Iterable<RoutingDomainId>): void;
}

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { policy, log } = options;
  const book = createFailureBook();
  const repairBook = createRepairBook();
  const room = createWaitingRoom();
  const retry = createRetry();
  const turns = createTurns();
  const lane = createRecordLane({
    ...{ policy, dataPlane: options.dataPlane, environment: options.environment, turns },
    onDone: recordsBrought,
  });
  let started = false;
  let queued: Work | undefined;
  let underWay: Work | undefined;
  let busy = false;
  /** Ends with the drain that was last begun. */
  let running = Promise.resolve();
  let drift: DriftWatch | undefined;
  let unsubscribe: (() => void) | undefined;

  let revision: number | undefined;
  let lastRunAt: Date | undefined;
  let repairs = 0;
  /** Routing domains whose records came by the lane since the run that is under way began. */
  const meanwhile = new Set<RoutingDomainId>();
  /** Why the last run did not come to its end. */
  let broken: string | undefined;
  let plan: ExternalPlan = new Map();

  function enqueue(work: Work): void {
    queued = mergeWork(queued, work);
    kick();
  }

  function pushed({ scope, revision }: PushResult): void {
    lane.pushed(scope);
    const alone = new Map(
      [...(scope.records?.domains ?? [])].filter(
        ([id]) => !isAtWork(id) && !scopeHas(book.scope, id),
      ),
    );
    const rest = withoutScope(scope, scopeOf(alone.keys()));
    for (const id of alone.keys()) meanwhile.add(id);
    if (scope.records !== undefined && alone.size > 0)
      lane.add(alone, scope.records.index, revision);
    if (alone.size === 0 || !isEmptyScope(rest))
      enqueue({ ...LOOK, scope: rest, pushed: rest, revision });
  }

  /** Whether the part is to be brought to the policy as a whole. */
  function isAtWork(part: Place): boolean {
    return [queued, underWay].some((work) => work !== undefined && scopeHas(work.pushed, part));
  }

  function recordsBrought(newest: number, { operations, left }: RecordRunResult): void {
    if (!started) return;
    const others: Scope = { gateway: false, domains: left };
    const earlier = [queued, underWay].some((work) => work?.revision !== undefined);
    if (earlier || left.size > 0)
      enqueue({ ...LOOK, scope: others, pushed: others, revision: newest });
    else arrive({ ...LOOK, revision: newest }, operations);
  }

  function kick(): void {
    if (!started || busy) return;
    busy = true;
    running = drain();
  }

  /** Never rejects. It is not busy any more at the very moment when it has found nothing queued. */
  async function drain(): Promise<void> {
    for (let work = take(); work !== undefined; work = take()) {
      underWay = work;
      const failure = await attempt(work).catch(toError);
      if (failure !== undefined) {
        breakOff(failure);
        break;
      }
    }
    busy = false;
    if (!started) return;
    if (broken !== undefined) retry.later(kick);
    else if (isEmptyScope(book.scope)) retry.settled();
    else retry.later(() => enqueue({ ...LOOK, scope: book.scope }));
  }

  async function attempt(work: Work): Promise<void> {
    const wider = widened(await withLeftRecords(work));
    underWay = wider;
    const operations = await run(wider);
    underWay = undefined;
    broken = undefined;
    arrive(wider, operations);
  }

  /**
   * A revision has come when the records of those before it have, this way or the other. Records of
   * a push that came meanwhile may still be on their way: its revision is left for the next run.
   */
  async function withLeftRecords(work: Work): Promise<Work> {
    if (work.revision === undefined) return work;
    await lane.settled();
    const since = take();
    const all = since === undefined ? work : mergeWork(work, since);
    const { open } = lane;
    if (all.revision === undefined || open === undefined || all.revision < open) return all;
    enqueue({ ...LOOK, revision: all.revision });
    return { ...all, revision: open - 1 };
  }

  function take(): Work | undefined {
    const work = started ? queued : undefined;
    if (work !== undefined) queued = undefined;
    return work;
  }

  /** Nothing is known of what it did: the same work again, together with what has come since. */
  function breakOff(failure: Error): void {
    if (underWay !== undefined)
      queued = queued === undefined ? underWay : mergeWork(underWay, queued);
    underWay = undefined;
    log.error({ err: failure }, 'A reconcile run broke off; it will be tried again');
    const isNews = failure.message !== broken;
    broken = failure.message;
    if (isNews) emit({ type: 'failed', reason: failure.message });
  }

  /** A push to one routing domain may change how others come by a shared external address. */
  function widened(work: Work): Work {
    if (!scopeHas(work.pushed, 'gateway')) return work;
    const before = plan;
    plan = externalPlan(policy.current().policy);
    const neighbours: Scope = { gateway: false, domains: changedDomains(before, plan) };
    return mergeWork(work, { ...LOOK, scope: neighbours, pushed: neighbours });
  }

  /** @returns how many operations it took */
  async function run(work: Work): Promise<number> {
    if (isEmptyScope(work.scope)) return 0;
    for (const id of meanwhile) if (!lane.has(id)) meanwhile.delete(id);
    const revisionBefore = policy.current().revision;
    const failedBefore = book.keys;
    const result = await reconcileOnce(options, work.scope, (all) => judge(work, all), turns);
    const operations = result.operations.length;
    if (operations > 0)
      log.info(
        { revision: result.revision, operations, failures: result.failures.length },
        'The kernel was brought in line with the policy',
      );
    for (const event of book.record(work.scope, result.failures)) emit(event);
    if (result.revision === revisionBefore) countRepairs(result, work, failedBefore);
    return operations;
  }

  /** What a push or a tunnel asks for is done, contested or not. */
  function judge(work: Work, operations: readonly Operation[]): Judgement {
    const isAsked = isAskedBy(work);
    const { due, held } = repairBook.judge(operations.filter((each) => !isAsked(each)));
    if (due.length === operations.length) return { due: operations, held };
    const dueNow = new Set(due);
    return { due: operations.filter((each) => isAsked(each) || dueNow.has(each)), held };
  }

  /** Records on their way were not there yet when the kernel was read. */
  function isAskedBy({ pushed, expected }: Work): (operation: Operation) => boolean {
    const asked = mergeScopes(pushed, expected);
    const brought = scopeOf(meanwhile);
    return ({ object }) =>
      scopeHas(asked, partOf(object)) || (isOfRecords(object) && scopeHas(brought, partOf(object)));
  }

  function arrive(work: Work, operations: number): void {
    lastRunAt = new Date();
    if (work.revision !== undefined) {
      revision = work.revision;
      emit({ type: 'synchronized', revision, operations, failures: book.count });
      room.reached(revision);
    }
    for (const waiting of work.waiting) waiting.resolve();
  }

  /** What a run has changed where neither a push nor an earlier failure gave reason to. */
  function countRepairs(result: RunResult, work: Work, failedBefore: ReadonlySet<string>): void {
    // A tunnel may have come or gone after the run began and before it was asked for.
    const isAsked = isAskedBy(queued === undefined ? work : mergeWork(work, queued));
    const repaired = result.operations.filter(
      (operation) => !isAsked(operation) && !failedBefore.has(objectKey(operation.object)),
    );
    if (repaired.length === 0) return;
    repairs += repaired.length;
    repairBook.repaired(repaired);
    const objects = repaired
      .slice(0, LISTED_REPAIRS)
      .map(({ action, object }) => `${action} ${objectKey(object)}`);
    emit({ type: 'repaired', count: repaired.length, objects });
    log.warn({ count: repaired.length, objects }, 'The kernel had drifted from the policy');
  }

  function lookNow(scope: Scope): Promise<void> {
    return new Promise((resolve, reject) => {
      if (started) enqueue({ ...LOOK, scope, waiting: [{ resolve, reject }] });
      else reject(stoppedError());
    });
  }

  function emit(event: ReconcileEvent): void {
    if (event.type === 'failed') log.warn({ owner: event.owner }, event.reason);
    try {
      options.onEvent?.(event);
    } catch (error) {
      log.error({ err: error }, 'A listener to reconcile events failed');
    }
  }

  return {
    start() {
      if (started) return;
      started = true;
      unsubscribe = policy.onPush(pushed);
      drift = watchDrift({
        ...{ policy, dataPlane: options.dataPlane, intervalSeconds: options.intervalSeconds },
        look: (scope) => lookNow(scope),
        retried: () => book.scope,
        onError: (err) => log.error({ err }, 'The kernel could not be looked at; it will be again'),
      });
      enqueue({ ...LOOK, scope: 'all', pushed: 'all', revision: policy.current().revision });
    },
    async stop() {
      started = false;
      unsubscribe?.();
      drift?.stop();
      retry.settled();
      await running;
      await lane.settled();
      for (const { reject } of queued?.waiting ?? []) reject(stoppedError());
      queued = undefined;
      room.sendAway('The gateway is stopping and will go on when it starts again.');
    },
    reconcileNow: lookNow,
    environmentChanged(domains) {
      const scope: Scope = { gateway: false, domains: new Set(domains) };
      lane.environmentChanged();
      if (started) enqueue({ ...LOOK, scope, expected: scope });
    },
    status: () => ({
      revision: revision ?? 0,
      lastRunAt,
      failures: book.owned,
      gatewayFailures: broken === undefined ? book.unowned : [broken, ...book.unowned],
      repairs,
    }),
    stateOf(ref) {
      const reason = book.owned.get(ref);
      if (reason !== undefined) return { configuration: 'failed', reason };
      const part = partOfRef(ref);
      const isPending =
        revision === undefined || isAtWork(part) || (part !== 'gateway' && lane.has(part));
      return { configuration: isPending ? 'pending' : 'synchronized' };
    },
    synchronized: (wanted, signal) => room.wait(wanted, signal),
  };
}

/** Work that only looks. */
const LOOK: Work = {
  scope: NOTHING,
  pushed: NOTHING,
  expected: NOTHING,
  revision: undefined,
  waiting: [],
};

/** So many objects of a repair are named; a lost namespace may have held a million. */
const LISTED_REPAIRS = 10;

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function stoppedError(): NvgateError {
  return new NvgateError('timedOut', 'The reconcile loop has stopped. Start the gateway again.');
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Environment } from '../dataplane/compile/environment.js';
import {
  providerPeerObject,
  recordOperation,
  recordPlan,
  replicationObject,
  type RecordPlan,
} from '../dataplane/compile/lookup-records.js';
import type { DataPlane, Operation } from '../dataplane/port.js';
import type { LookupRecord } from '../model/lookup-record.js';
import type { RoutingDomain } from '../model/routing-domain.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { PolicyService, RecordScope } from '../policy/service.js';
import type { TouchedRecords } from '../policy/touched.js';

/** So many records are written together: a few milliseconds, after which others have a turn. */
const TOGETHER = 2_000;

export interface RecordRunContext {
  readonly policy: Pick<PolicyService, 'current'>;
  readonly dataPlane: Pick<DataPlane, 'apply'>;
  /** Plans of routing domains, kept by whoever knows when they do not hold any more. */
  readonly plans: Map<RoutingDomainId, RecordPlan>;
}

export interface RecordRunResult {
  readonly operations: number;
  /** Routing domains that have to be compared as a whole instead. */
  readonly left: ReadonlySet<RoutingDomainId>;
}

/**
 * Brings lookup records that stand alone to the packet path: what the policy says of them now is
 * written without a look at what was there, and without a look at anything else.
 */
export async function bringRecords(
  context: RecordRunContext,
  { domains, index }: RecordScope,
  environment: Environment,
): Promise<RecordRunResult> {
  const left = new Set<RoutingDomainId>();
  let operations = 0;
  let since = 0;

  async function bring(step: readonly Operation[]): Promise<boolean> {
    if (step.length === 0) return true;
    operations += step.length;
    since += step.length;
    const failures = await context.dataPlane.apply(step);
    if (since >= TOGETHER) {
      since = 0;
      await nextTurn();
    }
    return failures.length === 0;
  }

  for (const [id, touched] of domains) {
    const steps = isLimited(touched, environment)
      ? undefined
      : stepsOf(context, index, id, touched, environment);
    if (steps === undefined) {
      left.add(id);
      continue;
    }
    for (const step of steps)
      if (!(await bring(step()))) {
        left.add(id);
        break;
      }
  }
  return { operations, left };
}

/** Ways that carry less make routes as well (N9). */
function isLimited({ providerAddresses }: TouchedRecords, { pathMtus }: Environment): boolean {
  if (pathMtus.size > 0)
    for (const address of providerAddresses) if (pathMtus.has(address)) return true;
  return false;
}

/**
 * In the order of `diff`: who a VM has moved to is heard before anything is sent there, and whom it
 * has left until nothing is. Each step is made of the policy as it is when the step's turn has come.
 */
function* stepsOf(
  { policy, plans }: RecordRunContext,
  index: RecordScope['index'],
  id: RoutingDomainId,
  { records, providerAddresses }: TouchedRecords,
  { multicastPacketsPerSecond }: Environment,
): Generator<() => Operation[]> {
  const own = (): ReadonlySet<unknown> => new Set(policy.current().policy.providerAddresses.keys());
  const peers = (wanted: boolean): Operation[] => {
    const ofGateway = own();
    const known = index.domains.get(id)?.peers;
    return [...providerAddresses]
      .filter((address) => (known?.has(address) === true && !ofGateway.has(address)) === wanted)
      .map((address) => ({
        action: wanted ? 'change' : 'remove',
        object: providerPeerObject(id, address),
      }));
  };

  yield () => peers(true);
  for (const part of partsOf([...records.values()])) yield () => recordStep(part);
  yield () => copies();
  yield () => peers(false);

  function recordStep(part: readonly LookupRecord[]): Operation[] {
    const current = policy.current().policy;
    const domain = current.routingDomains.get(id);
    if (domain === undefined) return [];
    let plan = plans.get(id);
    if (plan === undefined) {
      plan = recordPlan(current, domain);
      plans.set(id, plan);
    }
    const operations: Operation[] = [];
    for (const record of part) {
      const operation = recordOperation(plan, domain, record);
      if (operation !== undefined) operations.push(operation);
    }
    return operations;
  }

  /** Who gets a copy of what is sent to all of a subnet. */
  function copies(): Operation[] {
    const domain = policy.current().policy.routingDomains.get(id);
    return domain === undefined
      ? []
      : subnetsOf(domain, records.values()).map((vsid) => {
          const ofGateway = own();
          const hosts = [...(index.domains.get(id)?.hosts.get(vsid)?.keys() ?? [])]
            .filter((address) => !ofGateway.has(address))
            .sort((a, b) => a - b);
          return {
            action: 'change',
            object: replicationObject(id, vsid, hosts, multicastPacketsPerSecond),
          };
        });
  }
}

function* partsOf(records: readonly LookupRecord[]): Generator<readonly LookupRecord[]> {
  for (let start = 0; start < records.length; start += TOGETHER)
    yield records.slice(start, start + TOGETHER);
}

function subnetsOf(
  { virtualSubnets }: RoutingDomain,
  records: Iterable<LookupRecord>,
): LookupRecord['vsid'][] {
  const vsids = new Set<LookupRecord['vsid']>();
  for (const { vsid } of records) if (virtualSubnets.has(vsid)) vsids.add(vsid);
  return [...vsids];
}

import { compile } from '../dataplane/compile/compile.js';
import type { Environment } from '../dataplane/compile/environment.js';
import type { DataPlane, Operation, Scope } from '../dataplane/port.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { PolicyService } from '../policy/service.js';
import type { Vpn, WantedTunnels } from '../vpn/port.js';
import { diff } from './diff.js';
import { kernelFailure, tunnelFailure, type Failure } from './failure.js';
import type { Judgement } from './repair-book.js';
import { scopeHas } from './scope.js';
import { wantedTunnels } from './wanted-tunnels.js';

export interface RunContext {
  readonly policy: Pick<PolicyService, 'current'>;
  readonly dataPlane: Pick<DataPlane, 'observe' | 'apply'>;
  readonly vpn: Pick<Vpn, 'apply' | 'domains'>;
  /** Asked before each run, because devices and tunnels come, go and change. */
  readonly environment: () => Promise<Environment>;
}

export interface RunResult {
  /** Revision of the policy that was compiled: the newest one when the kernel had been read. */
  readonly revision: number;
  /** What was done to the kernel, without what failed. */
  readonly operations: readonly Operation[];
  readonly failures: readonly Failure[];
}

/**
 * Brings one part of the policy to the kernel, whatever state the kernel is in.
 * @param judge says which operations are not to be done now
 */
export async function reconcileOnce(
  context: RunContext,
  scope: Scope,
  judge: (operations: readonly Operation[]) => Judgement = allAreDue,
): Promise<RunResult> {
  const first = await pass(context, scope, judge);
  if (!first.operations.some(takesOthersAlong)) return first;
  const second = await pass(context, scope, judge);
  return { ...second, operations: [...first.operations, ...second.operations] };
}

const allAreDue = (due: readonly Operation[]): Judgement => ({ due, held: new Map() });

async function pass(
  context: RunContext,
  scope: Scope,
  judge: (operations: readonly Operation[]) => Judgement,
): Promise<RunResult> {
  const environment = await context.environment();
  const observed = await context.dataPlane.observe(scope);
  // From here to the end of the comparison in one go: a push may change the policy in place.
  const { revision, policy } = context.policy.current();
  const { due: operations, held } = judge(diff(compile(policy, environment, scope), observed));
  const tunnels = wantedTunnels(policy, environment, scope);

  // Daemons leave a namespace before it goes, and come after it is ready for them.
  const left = await context.vpn.apply(unwanted(context, scope, tunnels));
  const failures = operations.length === 0 ? [] : await context.dataPlane.apply(operations);
  const failed = new Set(failures.map(({ operation }) => operation));
  const come = await context.vpn.apply(tunnels);
  return {
    revision,
    operations: operations.filter((operation) => !failed.has(operation)),
    failures: [
      ...[...held].map(([operation, reason]) => kernelFailure({ operation, reason })),
      ...failures.map(kernelFailure),
      ...[...left, ...come].map(tunnelFailure),
    ],
  };
}

/** Routing domains in the scope that have tunnels now and are to have none. */
function unwanted(
  { vpn }: RunContext,
  scope: Scope,
  tunnels: ReadonlyMap<RoutingDomainId, WantedTunnels>,
): Map<RoutingDomainId, WantedTunnels> {
  const none = new Map<RoutingDomainId, WantedTunnels>();
  for (const domain of vpn.domains())
    if (scopeHas(scope, domain) && !tunnels.has(domain)) none.set(domain, new Map());
  return none;
}

/**
 * Linux drops the routes and proxy neighbours of a device that loses its last IPv4 address, and
 * the operator's device may have none but ours.
 */
function takesOthersAlong({ action, object }: Operation): boolean {
  return action === 'remove' && object.kind === 'address' && object.place === 'gateway';
}

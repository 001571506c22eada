import { compile } from '../dataplane/compile/compile.js';
import type { Environment } from '../dataplane/compile/environment.js';
import type { DataPlane, Operation, OperationFailure, Scope } from '../dataplane/port.js';
import type { PolicyService } from '../policy/service.js';
import { diff } from './diff.js';

export interface RunContext {
  readonly policy: Pick<PolicyService, 'current'>;
  readonly dataPlane: Pick<DataPlane, 'observe' | 'apply'>;
  /** Asked before each run, because devices come, go and change their MTU. */
  readonly environment: () => Promise<Environment>;
}

export interface RunResult {
  /** Revision of the policy that was compiled: the newest one when the kernel had been read. */
  readonly revision: number;
  readonly operations: readonly Operation[];
  readonly failures: readonly OperationFailure[];
}

/** Brings one part of the policy to the kernel, whatever state the kernel is in. */
export async function reconcileOnce(context: RunContext, scope: Scope): Promise<RunResult> {
  const first = await pass(context, scope);
  if (!first.operations.some(takesOthersAlong)) return first;
  const second = await pass(context, scope);
  const failed = new Set(first.failures.map(({ operation }) => operation));
  return {
    revision: second.revision,
    operations: [
      ...first.operations.filter((operation) => !failed.has(operation)),
      ...second.operations,
    ],
    failures: second.failures,
  };
}

async function pass(context: RunContext, scope: Scope): Promise<RunResult> {
  const environment = await context.environment();
  const observed = await context.dataPlane.observe(scope);
  // From here to the end of the comparison in one go: a push may change the policy in place.
  const { revision, policy } = context.policy.current();
  const operations = diff(compile(policy, environment, scope), observed);
  const failures = operations.length === 0 ? [] : await context.dataPlane.apply(operations);
  return { revision, operations, failures };
}

/**
 * Linux drops the routes and proxy neighbours of a device that loses its last IPv4 address, and
 * the operator's device may have none but ours.
 */
function takesOthersAlong({ action, object }: Operation): boolean {
  return action === 'remove' && object.kind === 'address' && object.place === 'gateway';
}

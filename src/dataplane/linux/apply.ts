import { messageOf, NvgateError } from '../../errors.js';
import type { Place } from '../kernel-object.js';
import type { Operation, OperationFailure } from '../port.js';
import { stretches } from '../stretches.js';
import { runTasks, type Task } from './batch.js';
import type { NetworkContext } from './context.js';
import { operationSteps } from './operation-steps.js';
import { inParallel } from './parallel.js';

/**
 * Applies operations in their order, but for those of one kind, which do not depend on those in
 * other namespaces. What only concerns routing domains is done for a few of them at a time, since
 * no two meet in anything.
 */
export async function apply(
  context: NetworkContext,
  operations: readonly Operation[],
): Promise<OperationFailure[]> {
  const failures: OperationFailure[] = [];
  const ordered = stretches(operations, ({ action, object }) => `${action} ${object.kind}`).flatMap(
    domainsFirst,
  );
  for (const stretch of stretches(ordered, isOfGateway)) {
    const lanes = new Map<Place, Operation[]>();
    for (const operation of stretch) {
      const lane = lanes.get(laneOf(operation));
      if (lane === undefined) lanes.set(laneOf(operation), [operation]);
      else lane.push(operation);
    }
    const found = await inParallel([...lanes.values()], (lane) => applyLane(context, lane));
    failures.push(...found.flat());
  }
  return failures;
}

/** Long stretches of routing domains' operations, for them to run side by side. */
function domainsFirst(operations: readonly Operation[]): Operation[] {
  return [
    ...operations.filter((operation) => !isOfGateway(operation)),
    ...operations.filter(isOfGateway),
  ];
}

function isOfGateway(operation: Operation): boolean {
  return laneOf(operation) === 'gateway';
}

/** The namespace whose state an operation changes; a pair belongs to its routing domain. */
function laneOf({ object }: Operation): Place {
  switch (object.kind) {
    case 'namespace':
    case 'link':
    case 'tunnelLink':
    case 'rule':
      return object.domain;
    case 'sysctl':
    case 'address':
    case 'route':
    case 'firewall':
      return object.place;
    case 'proxyNeighbour':
    case 'filter':
    case 'providerAddress':
    case 'virtualSubnet':
    case 'lookupRecord':
    case 'customerRoute':
    case 'providerPeer':
    case 'externalEnd':
    case 'rewrite':
    case 'providerGroup':
    case 'multicastRoute':
    case 'replication':
      return 'gateway';
  }
}

async function applyLane(
  context: NetworkContext,
  operations: readonly Operation[],
): Promise<OperationFailure[]> {
  const failures: OperationFailure[] = [];
  for (const stretch of stretches(operations, ({ action }) => action === 'remove')) {
    const outside: Task<Operation>[] = [];
    const inside: Task<Operation>[] = [];
    for (const operation of stretch) {
      try {
        const steps = operationSteps(context, operation);
        outside.push(...steps.outside.map((step) => ({ owner: operation, step })));
        inside.push(...steps.inside.map((step) => ({ owner: operation, step })));
      } catch (error) {
        const code = error instanceof NvgateError ? error.code : 'internal';
        failures.push({ operation, code, reason: messageOf(error) });
      }
    }
    const removing = stretch[0]?.action === 'remove';
    const tasks = removing ? [...inside, ...outside] : [...outside, ...inside];
    for (const [operation, reason] of await runTasks(tasks))
      failures.push({ operation, code: 'kernelOperationFailed', reason });
  }
  return failures;
}

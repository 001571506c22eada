import { expect } from 'vitest';
import { compile } from '../../src/dataplane/compile/compile.js';
import type { Policy } from '../../src/model/policy.js';
import { diff } from '../../src/reconcile/diff.js';
import { createReconciler } from '../../src/reconcile/loop.js';
import { kernelState } from '../support/kernel-state.js';
import type { ContractSubject } from './dataplane.js';
import { NO_TUNNELS } from '../support/no-tunnels.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * A process that dies after any step on the way from one policy to another leaves a kernel from
 * which a new one gets there.
 * @param report called before each step with its number and how many there are
 */
export async function expectRecoveryFromEveryStep(
  subject: ContractSubject,
  before: Policy,
  after: Policy,
  report: (step: number, steps: number) => void = () => undefined,
): Promise<void> {
  const { dataPlane, environment } = subject;
  await runFreshProcess(subject, before);
  const way = diff(compile(after, environment, 'all'), await dataPlane.observe('all'));
  for (let step = 0; step <= way.length; step++) {
    report(step, way.length);
    await dataPlane.apply(way.slice(0, step));
    await runFreshProcess(subject, after);
    await runFreshProcess(subject, before);
  }
}

/** A reconciler that knows nothing brings the kernel to the policy, without a failure. */
async function runFreshProcess(subject: ContractSubject, policy: Policy): Promise<void> {
  const { dataPlane, environment } = subject;
  const reconciler = createReconciler({
    policy: { current: () => ({ revision: 1, policy }), onPush: () => () => undefined },
    dataPlane,
    vpn: NO_TUNNELS,
    environment: () => Promise.resolve(environment),
    intervalSeconds: 3600,
    log: SILENT,
  });
  reconciler.start();
  await reconciler.synchronized(1, AbortSignal.timeout(60_000));
  await reconciler.stop();
  const { failures, gatewayFailures } = reconciler.status();
  expect([...failures.values(), ...gatewayFailures]).toEqual([]);
  const left = diff(compile(policy, environment, 'all'), await dataPlane.observe('all'));
  expect(left.map(({ action, object }) => `${action} ${kernelState([object]).join()}`)).toEqual([]);
}

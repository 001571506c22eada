import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compile } from '../../src/dataplane/compile/compile.js';
import type { Environment } from '../../src/dataplane/compile/environment.js';
import type { DataPlane, Operation } from '../../src/dataplane/port.js';
import type { Policy } from '../../src/model/policy.js';
import { diff } from '../../src/reconcile/diff.js';
import { reconcileOnce } from '../../src/reconcile/run.js';
import { CONTRACT_POLICIES } from '../contract/dataplane.js';
import { kernelState } from '../support/kernel-state.js';
import { createKernelSubject, type KernelSubject } from '../support/kernel-subject.js';
import { cleanUp } from '../support/process-owner.js';

/** A process that dies here takes everything that it knows with it; the kernel stays. */
describe('a crash between any two steps, in the real kernel', () => {
  let subject: KernelSubject;

  beforeEach(async () => {
    subject = await createKernelSubject();
  });

  afterEach(() => subject.dispose());

  afterAll(cleanUp);

  test.each([
    ['from nothing to a policy', CONTRACT_POLICIES.empty, CONTRACT_POLICIES.full],
    ['from one policy to another', CONTRACT_POLICIES.full, CONTRACT_POLICIES.changed],
  ])(
    '%s: the next process gets there from wherever the last one came to',
    async (_, before, after) => {
      const { environment, reopen } = subject;
      let { dataPlane } = subject;
      // Settings outlive what they were made for: there and back, and every round begins alike.
      await bring(dataPlane, after, environment);
      await bring(dataPlane, before, environment);
      const way = await remaining(dataPlane, after, environment);
      expect(way.length).toBeGreaterThan(10);

      for (let step = 0; step <= way.length; step++) {
        expect(reasons(await dataPlane.apply(way.slice(0, step)))).toEqual([]);
        // Killed here, and started again.
        dataPlane = reopen();
        await bring(dataPlane, after, environment);
        const arrived = await dataPlane.observe('all');
        expect(
          lines(diff(compile(after, environment, 'all'), arrived)),
          `after step ${step} of ${way.length}: ${lines(way.slice(step - 1, step)).join()}`,
        ).toEqual([]);
        const back = diff(compile(before, environment, 'all'), arrived);
        expect(reasons(await dataPlane.apply(back))).toEqual([]);
      }
      // The way back was exact: the last round began in the same kernel as the first one.
      const again = await remaining(dataPlane, after, environment);
      expect(lines(again).sort()).toEqual(lines(way).sort());
    },
    600_000,
  );
});

/** One run of a process that knows nothing. */
async function bring(
  dataPlane: DataPlane,
  policy: Policy,
  environment: Environment,
): Promise<void> {
  const context = {
    policy: { current: () => ({ revision: 1, policy }) },
    dataPlane,
    environment: () => Promise.resolve(environment),
  };
  expect(reasons((await reconcileOnce(context, 'all')).failures)).toEqual([]);
}

/** What there is to do for the policy. */
async function remaining(
  dataPlane: DataPlane,
  policy: Policy,
  environment: Environment,
): Promise<Operation[]> {
  return diff(compile(policy, environment, 'all'), await dataPlane.observe('all'));
}

function reasons(failures: readonly { readonly reason: string }[]): string[] {
  return failures.map(({ reason }) => reason);
}

function lines(operations: readonly Operation[]): string[] {
  return operations.map(({ action, object }) => `${action} ${kernelState([object]).join()}`);
}

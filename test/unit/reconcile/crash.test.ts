import { describe, expect, it } from 'vitest';
import { createFakeDataPlane } from '../../../src/dataplane/fake.js';
import { expectRecoveryFromEveryStep } from '../../contract/crash.js';
import { CONTRACT_POLICIES } from '../../contract/dataplane.js';
import { ENVIRONMENT } from '../../support/policy-of.js';

const { empty, full, changed } = CONTRACT_POLICIES;

describe('a process that dies between two steps', () => {
  it.each([
    ['the first policy comes', empty, full],
    ['the policy changes', full, changed],
    ['the policy changes back', changed, full],
    ['everything goes', full, empty],
  ])(
    'is no matter when %s',
    async (_, before, after) => {
      const devices = new Map([
        ['underlay', 1500],
        ['external', 1500],
      ]);
      let steps = 0;
      await expectRecoveryFromEveryStep(
        {
          dataPlane: createFakeDataPlane({ devices }),
          environment: ENVIRONMENT,
          dispose: () => Promise.resolve(),
        },
        before,
        after,
        (step) => {
          steps = step;
        },
      );
      expect(steps).toBeGreaterThan(20);
    },
    60_000,
  );
});

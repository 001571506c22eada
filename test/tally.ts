import type { Reporter, TestModule, TestSuite } from 'vitest/node';

/** A test that did not run, and why. */
export interface Skip {
  readonly test: string;
  readonly reason: string;
}

/** What came of a run. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly Skip[];
}

/** A reporter of vitest that gives the tally when the run ends. */
export function tallyReporter(take: (tally: Tally) => void): Reporter {
  return {
    onTestRunEnd: (modules, unhandledErrors) => take(count(modules, unhandledErrors.length)),
  };
}

/** A suite that fails outside its tests, in a hook or while it loads, counts as one failure. */
function count(modules: readonly TestModule[], unhandledErrors: number): Tally {
  const tally = { passed: 0, failed: unhandledErrors, skipped: [] as Skip[] };
  for (const module of modules) {
    const suites = [...module.children.allSuites()];
    tally.failed += [module, ...suites].filter((suite) => suite.errors().length > 0).length;
    for (const test of module.children.allTests()) {
      const result = test.result();
      switch (result.state) {
        case 'passed':
        case 'failed':
          tally[result.state] += 1;
          break;
        case 'skipped': {
          const reason = result.note ?? skipReason(test.fullName, test.parent, test.options.mode);
          tally.skipped.push({ test: `${module.relativeModuleId} > ${test.fullName}`, reason });
          break;
        }
        case 'pending':
          tally.skipped.push({ test: test.fullName, reason: 'the run ended before it' });
      }
    }
  }
  return tally;
}

function skipReason(
  name: string,
  parent: TestSuite | TestModule,
  mode: string | undefined,
): string {
  const missing = /\(skipped: (.*?)\)/.exec(name)?.[1];
  if (missing !== undefined) return missing;
  for (let suite = parent; ; suite = suite.parent) {
    if (suite.errors().length > 0) return 'what it needs could not be set up';
    if (suite.type === 'module') break;
  }
  return mode === 'todo' ? 'not written yet' : 'no reason given';
}

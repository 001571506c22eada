import { appendFileSync } from 'node:fs';
import { startVitest, type Reporter, type TestCase } from 'vitest/node';
import { tallyReporter } from '../tally.js';
import type { GuestRecord } from './record.js';

/*
 * Runs test files inside the guest; what came of each test is appended to the file of results.
 *
 *     node dist/test/kernel/guest.js RESULTS FILE…
 */

const [results = '', ...files] = process.argv.slice(2);

const tell = (record: GuestRecord): void => appendFileSync(results, `${JSON.stringify(record)}\n`);

const nameOf = (test: TestCase): string => `${test.module.relativeModuleId} > ${test.fullName}`;

function tellErrors(
  where: string,
  errors: readonly { readonly message: string; readonly stack?: string; readonly diff?: string }[],
): void {
  if (errors.length === 0) return;
  const own = (line: string): boolean => !line.includes('/node_modules/');
  const texts = errors.map(({ message, stack = message, diff = '' }) =>
    [...stack.split('\n').filter(own), diff].join('\n'),
  );
  tell({ where, errors: texts });
}

const each: Reporter = {
  onTestCaseResult(test) {
    const { state, errors = [] } = test.result();
    if (state === 'pending') return;
    const milliseconds = Math.round(test.diagnostic()?.duration ?? 0);
    tell({ test: nameOf(test), state, milliseconds });
    tellErrors(nameOf(test), errors);
  },
  onTestSuiteResult: (suite) =>
    tellErrors(`${suite.module.relativeModuleId} > ${suite.fullName}`, suite.errors()),
  onTestModuleEnd: (module) => tellErrors(module.relativeModuleId, module.errors()),
  onTestRunEnd: (_modules, unhandled) => tellErrors('outside all tests', unhandled),
};

await startVitest('test', files, {
  project: ['kernel'],
  watch: false,
  reporters: ['default', each, tallyReporter((tally) => tell({ tally }))],
});
process.exit();

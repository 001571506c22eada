import { appendFileSync } from 'node:fs';
import { startVitest, type Reporter } from 'vitest/node';
import { tallyReporter } from '../tally.js';
import type { GuestRecord } from './record.js';

/*
 * Runs test files inside the guest; what came of each test is appended to the file of results.
 *
 *     node dist/test/kernel/guest.js RESULTS FILE…
 */

const [results = '', ...files] = process.argv.slice(2);

const tell = (record: GuestRecord): void => appendFileSync(results, `${JSON.stringify(record)}\n`);

const each: Reporter = {
  onTestCaseResult(test) {
    const { state } = test.result();
    if (state === 'pending') return;
    const name = `${test.module.relativeModuleId} > ${test.fullName}`;
    tell({ test: name, state, milliseconds: Math.round(test.diagnostic()?.duration ?? 0) });
  },
};

await startVitest('test', files, {
  project: ['kernel'],
  watch: false,
  reporters: ['default', each, tallyReporter((tally) => tell({ tally }))],
});
process.exit();

import { parseFuzzArguments, type FuzzOptions } from './arguments.js';
import { runFuzz } from './run-fuzz.js';

/*
 * `npm run test:fuzz -- [--seconds N] [--seed S] [--packets N] [target…]`: past findings first, then
 * new cases until the time is up. `--seed S --case N TARGET` runs one case again. Ends with the
 * line of all tests: `N passed, N failed, N skipped`.
 */

const { passed, failed, skipped } = await runFuzz(options());
for (const { test, reason } of skipped) console.log(`skipped: ${test}: ${reason}`);
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exit(failed > 0 ? 1 : 0);

function options(): FuzzOptions {
  try {
    return parseFuzzArguments(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`fuzz: ${error.message}`);
    process.exit(2);
  }
}

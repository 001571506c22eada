import { writeFileSync } from 'node:fs';
import { parseArguments, USAGE, type Arguments } from './arguments.js';
import { breachText, compareWithFloors } from './check.js';
import { FLOORS } from './floors.js';
import { reportPage } from './page/page.js';
import { reportText } from './report-text.js';
import type { Report } from './report.js';
import { runSuite } from './suite.js';

/* `npm run bench`: see USAGE in arguments.ts, and test/bench/README.md. */

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit status: 0 done, 1 below a floor, 2 usage */
async function main(argv: readonly string[]): Promise<number> {
  let options: Arguments;
  try {
    options = parseArguments(argv);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  const report = await runSuite(options.extent, options.sections, (line) =>
    process.stderr.write(`${line}\n`),
  );
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  if (options.html !== undefined) writeFileSync(options.html, reportPage(report));
  return options.check ? check(report, options.partial) : 0;
}

/** A run of parts is not asked for the floors of the others. */
function check(report: Report, partial: boolean): number {
  const floors = FLOORS[report.form];
  const breaches = compareWithFloors(
    report.goals,
    floors,
    (key) => !partial || Object.hasOwn(report.goals, key),
  );
  for (const breach of breaches) process.stderr.write(`below the floor: ${breachText(breach)}\n`);
  if (breaches.length === 0) process.stderr.write('every floor holds\n');
  return breaches.length === 0 ? 0 : 1;
}

import { parseArguments, USAGE, type Arguments } from './arguments.js';
import { runSuite } from './suite.js';

/* `npm run bench`: see USAGE in arguments.ts and test/bench/README.md. */

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  let options: Arguments;
  try {
    options = parseArguments(argv);
  } catch (error) {
    process.stderr.write(`${String(error)}\n\n${USAGE}`);
    return 2;
  }
  const report = await runSuite(options.extent, options.sections, (line) =>
    process.stderr.write(`${line}\n`),
  );
  if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  return 0;
}

import { readArguments, USAGE, type DemoArguments } from './arguments.js';
import { sceneDrawing } from './cast.js';
import { exploring } from './explore.js';
import { endWithStarter, isKeeper, removeKept, runInKeeper, stay } from './keeper.js';
import { runDemo } from './run-demo.js';
import { createScreen } from './screen.js';

/* `npm run demo`: see USAGE in arguments.ts. */

const words = process.argv.slice(2);
let options: DemoArguments;
try {
  options = readArguments(words);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exit(2);
}

if (options.help) console.log(USAGE);
else if (options.clean) {
  const kept = await removeKept();
  console.log(`${kept} kept demo${kept === 1 ? '' : 's'} removed`);
} else if (options.keep && !isKeeper()) process.exitCode = await runInKeeper(words);
else await demo(options);

async function demo({ json, keep }: DemoArguments): Promise<void> {
  const screen = createScreen(json ? process.stderr : process.stdout);
  if (keep) endWithStarter();
  process.once('SIGINT', () => screen.text('', 'Interrupted. Removing everything.'));
  screen.text(
    'nvgate: an NVGRE gateway between two tenants with equal addresses and a physical network.',
    '',
    ...sceneDrawing(),
  );

  const start = performance.now();
  const { report, kept } = await runDemo(screen, keep);
  const { ok, checks } = report;
  const held = checks.filter((check) => check.ok).length;
  const seconds = Math.round((performance.now() - start) / 1000);
  screen.text('', `${held} of ${checks.length} checks held, in ${seconds} s.`);
  // One line: `npm run` puts lines of its own before it.
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);

  const status = ok ? 0 : 1;
  if (kept === undefined) process.exit(status);
  screen.text('', ...exploring(kept));
  stay(status);
}

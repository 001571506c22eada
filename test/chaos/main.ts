import { cleanUp } from '../support/process-owner.js';
import { readArguments, USAGE, type ChaosArguments } from './arguments.js';
import { runChaos } from './run-chaos.js';

/* `npm run test:chaos`: see USAGE in arguments.ts. */

const RANDOM_SEED = Math.floor(Math.random() * 1_000_000_000);

let options: ChaosArguments;
try {
  options = readArguments(process.argv.slice(2), RANDOM_SEED);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exit(2);
}
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}

const { seconds, seed } = options;
const again = `npm run test:chaos -- --seconds ${seconds} --seed ${seed}`;
console.log(`seed ${seed}`);
try {
  const { strikes, repairs, findings } = await runChaos({
    ...{ seconds, seed },
    say: (line) => console.log(line),
  });
  for (const finding of findings) console.error(`FAILED: ${finding}`);
  console.log(
    findings.length === 0
      ? `It held: ${strikes} strikes, ${repairs} repairs.`
      : `It did not hold. To see it again: ${again}`,
  );
  cleanUp();
  process.exit(findings.length === 0 ? 0 : 1);
} catch (error) {
  console.error(error);
  console.error(`It broke off. To see it again: ${again}`);
  cleanUp();
  process.exit(1);
}

import { cpus } from 'node:os';
import { createChain } from './chain.js';
import { median, packetsPerSecond } from './measure.js';
import { createNvgatePaths } from './nvgate-paths.js';
import type { Path } from './path.js';

/*
 * `npm run bench [-- --json] [--rounds N] [--seconds N] [--only PATH,…]`: small packets through nvgate and through
 * plain kernel routing. The rounds of all paths take turns, so that a noisy neighbour hits all
 * alike; what counts is the ratio within one run. Progress on stderr.
 */

interface Arguments {
  readonly json: boolean;
  readonly rounds: number;
  readonly seconds: number;
  /** Names of the paths to measure; all where empty. */
  readonly only: readonly string[];
}

function parseArguments(argv: readonly string[]): Arguments {
  const numberAfter = (flag: string, fallback: number): number => {
    const at = argv.indexOf(flag);
    return at === -1 ? fallback : Number(argv[at + 1]);
  };
  return {
    json: argv.includes('--json'),
    rounds: numberAfter('--rounds', 7),
    seconds: numberAfter('--seconds', 1),
    only: argv.includes('--only') ? (argv[argv.indexOf('--only') + 1] ?? '').split(',') : [],
  };
}

/** Plain kernel routing with as many routing steps as the gateway has. */
const REFERENCE = 'plainSameHops';

interface Result {
  /** Packets/s, median over the rounds. */
  readonly pps: number;
  /** To the reference path of the same round, median over the rounds; absent without a reference. */
  readonly ratio?: number;
  readonly spread: { readonly min: number; readonly max: number };
}

async function measureAll(
  paths: Readonly<Record<string, Path>>,
  { rounds, seconds }: Arguments,
): Promise<Record<string, Result>> {
  const rates = new Map<string, number[]>(Object.keys(paths).map((key) => [key, []]));
  for (let round = 0; round <= rounds; round++)
    for (const [key, path] of Object.entries(paths)) {
      const rate = await packetsPerSecond(path, seconds);
      process.stderr.write(`round ${round} ${key}: ${Math.round(rate)} packets/s\n`);
      // Round 0 warms up.
      if (round > 0) rates.get(key)?.push(rate);
    }
  const reference = rates.get(REFERENCE);
  return Object.fromEntries(
    [...rates].map(([key, values]) => [
      key,
      {
        pps: Math.round(median(values)),
        ...(reference === undefined ? {} : { ratio: ratioOf(values, reference) }),
        spread: { min: Math.round(Math.min(...values)), max: Math.round(Math.max(...values)) },
      },
    ]),
  );
}

/** What neighbours do to this machine they do to both paths of a round, so rounds are compared. */
function ratioOf(values: readonly number[], reference: readonly number[]): number {
  const ratios = values.map((value, round) => value / (reference[round] ?? Number.NaN));
  return Math.round(median(ratios) * 1000) / 1000;
}

const options = parseArguments(process.argv.slice(2));
const plain = await createChain(1);
const plainSameHops = await createChain(3);
const routed = await createNvgatePaths('routed');
const nat = await createNvgatePaths('nat');
const paths = { plain, plainSameHops, routed: routed.out, routedIn: routed.in, nat: nat.out };
const results = await measureAll(
  Object.fromEntries(
    Object.entries(paths).filter(
      ([name]) => options.only.length === 0 || options.only.includes(name),
    ),
  ),
  options,
);
for (const path of [plain, plainSameHops, routed, nat]) await path.remove();

const report = {
  machine: { cpus: cpus().length, model: cpus()[0]?.model },
  generator: 'sendmmsg on AF_PACKET, one sender',
  rounds: options.rounds,
  reference: REFERENCE,
  results,
};
if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
else
  for (const [key, { pps, ratio, spread }] of Object.entries(results)) {
    const compared = ratio === undefined ? '' : `  ${ratio.toFixed(3)} of ${REFERENCE}`;
    process.stdout.write(
      `${key.padEnd(14)} ${String(pps).padStart(9)} packets/s${compared}  (${spread.min} to ${spread.max})\n`,
    );
  }

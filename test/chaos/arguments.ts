import { parseArgs } from 'node:util';

export interface ChaosArguments {
  /** How long strikes are made. Building, settling and judging take a minute or two more. */
  readonly seconds: number;
  /** The same seed gives the same strikes in the same order. */
  readonly seed: number;
  readonly help: boolean;
}

export const USAGE = `npm run test:chaos [-- OPTION...]

Runs a gateway with four VM networks in network namespaces. For a while two of them, and the gateway
itself, are struck at random: processes are killed, kernel objects deleted, policies pushed. The other
two have traffic that must not lose a packet. In the end the kernel must be as the policy says, with
nothing too many. Needs root. Touches nothing of the machine's own network.

  --seconds N  how long (60)
  --seed N     of an earlier run, to make its strikes again (default: another one each time)
  --help       this text

Exit status: 0 it held, 1 it did not, 2 wrong usage.`;

/** @throws Error for what is no option, or no number */
export function readArguments(words: readonly string[], seed: number): ChaosArguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(seed) },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    seconds: wholeNumber('--seconds', values.seconds),
    seed: wholeNumber('--seed', values.seed),
    help: values.help,
  };
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${option} ${text}: not a whole number.`);
  return Number(text);
}

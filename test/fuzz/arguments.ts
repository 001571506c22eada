import { parseArgs } from 'node:util';

export interface FuzzOptions {
  readonly seed: number;
  /** Seconds of all targets together. */
  readonly seconds: number;
  /** Packets of all packet targets together, in place of their share of the time. */
  readonly packets?: number;
  /** One case alone. */
  readonly case?: number;
  /** Names of targets; all of them where there is none. */
  readonly targets: readonly string[];
}

const DEFAULT_SECONDS = 60;

/** @throws TypeError that says what is wrong with them */
export function parseFuzzArguments(argv: readonly string[]): FuzzOptions {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      seed: { type: 'string' },
      packets: { type: 'string' },
      case: { type: 'string' },
    },
  });
  const seed = wholeNumber('seed', values.seed);
  const packets = wholeNumber('packets', values.packets);
  const index = wholeNumber('case', values.case);
  if (index !== undefined && (seed === undefined || positionals.length !== 1))
    throw new TypeError('--case N is a case of a seed and a target: --seed S --case N TARGET');
  return {
    seed: seed ?? randomSeed(),
    seconds: wholeNumber('seconds', values.seconds) ?? DEFAULT_SECONDS,
    ...(packets !== undefined && { packets }),
    ...(index !== undefined && { case: index }),
    targets: positionals,
  };
}

/** A seed that nobody has chosen; 32 bits. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 0x1_0000_0000);
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new TypeError(`--${name} ${text}: give a whole number`);
  return Number(text);
}

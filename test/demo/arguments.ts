import { parseArgs } from 'node:util';

export interface DemoArguments {
  /** One JSON object on standard output, progress on standard error. */
  readonly json: boolean;
  /** Leaves everything running at the end. */
  readonly keep: boolean;
  /** Removes what kept demos left running, and runs nothing. */
  readonly clean: boolean;
  readonly help: boolean;
}

export const USAGE = `npm run demo [-- OPTION...]

Builds two hosts, two tenants with equal addresses, a gateway and a physical network in network
namespaces, and shows what nvgate does with real packets. Needs root. Touches nothing of the
machine's own network, and removes everything at the end.

  --json   one JSON object with the results on standard output, progress on standard error
  --keep   leaves it running and says how to explore it
  --clean  ends and removes kept demos, and what killed ones left
  --help   this text

Exit status: 0 every check held, 1 one did not, 2 wrong usage.`;

/** @throws TypeError for options that there are not */
export function readArguments(words: readonly string[]): DemoArguments {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...words],
    options: { json: flag, keep: flag, clean: flag, help: flag },
  });
  return values;
}

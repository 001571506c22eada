import type { GeneratorKind } from './load/job.js';
import type { Extent } from './run-context.js';
import { SECTIONS, type SectionKey } from './sections.js';

/** What `npm run bench` was asked for. */
export interface Arguments {
  readonly extent: Extent;
  readonly sections: readonly SectionKey[];
  readonly json: boolean;
  /** Compare with the floors. */
  readonly check: boolean;
  /** Only some of what the form has was asked for. */
  readonly partial: boolean;
  /** File for the page; none where absent. */
  readonly html?: string;
}

export const USAGE = `npm run bench -- [--short] [--check] [--json] [--html FILE]
                 [--sections NAME,…] [--only NAME,…] [--rounds N] [--seconds N]
                 [--generator packetSocket|liveFrames]

  --short      a minute: fewer subjects, rounds and sizes
  --check      exit 1 where a ratio is below its floor (test/bench/floors.ts)
  --json       the report on stdout; progress is on stderr always
  --html FILE  the report as one page
  --sections   ${Object.keys(SECTIONS).join(', ')}
  --only       names of what is measured, as in the report: routed, vxlan, natNetworks, …
  --rounds N   rounds of every measurement, the subjects in turns (7; short: 5)
  --seconds N  of one measurement of packets (1; short: 0.5)
`;

/** @throws RangeError for what it does not know */
export function parseArguments(argv: readonly string[]): Arguments {
  const rest = [...argv];
  const flags = new Set<string>();
  const values = new Map<string, string>();
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (FLAGS.includes(name)) flags.add(name);
    else if (VALUED.includes(name)) {
      const value = rest.shift();
      if (value === undefined) throw new RangeError(`${name} needs a value`);
      values.set(name, value);
    } else throw new RangeError(`there is no option ${name}`);
  }
  const short = flags.has('--short');
  const html = values.get('--html');
  const list = (name: string): string[] => values.get(name)?.split(',') ?? [];
  return {
    extent: {
      short,
      rounds: Math.round(positive(values, '--rounds', short ? 5 : 7)),
      seconds: positive(values, '--seconds', short ? 0.5 : 1),
      generator: generatorOf(values.get('--generator')),
      only: list('--only'),
    },
    sections: sectionsOf(list('--sections'), short),
    json: flags.has('--json'),
    check: flags.has('--check'),
    partial: values.has('--sections') || values.has('--only'),
    ...(html === undefined ? {} : { html }),
  };
}

const FLAGS = ['--short', '--check', '--json'];
const VALUED = ['--html', '--sections', '--only', '--rounds', '--seconds', '--generator'];

function positive(values: ReadonlyMap<string, string>, name: string, fallback: number): number {
  const text = values.get(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!(value > 0)) throw new RangeError(`${name} is a number above zero, not ${text}`);
  return value;
}

function generatorOf(name: string | undefined): GeneratorKind {
  if (name === undefined || name === 'packetSocket') return 'packetSocket';
  if (name === 'liveFrames') return name;
  throw new RangeError(`there is no generator ${name}`);
}

function sectionsOf(names: readonly string[], short: boolean): SectionKey[] {
  const all = Object.keys(SECTIONS) as SectionKey[];
  const unknown = names.find((name) => !Object.hasOwn(SECTIONS, name));
  if (unknown !== undefined) throw new RangeError(`there is no section ${unknown}`);
  return all.filter((key) =>
    names.length > 0 ? names.includes(key) : !short || SECTIONS[key].short,
  );
}

import { openSync, writeSync } from 'node:fs';
import { FUZZ_TARGETS } from './targets.js';
import type { Finding, OpenTarget, Regression } from './target.js';

/*
 * One target in a process of its own, so that a case that ends or hangs the process is known by the
 * mark it left. Started by run-fuzz.ts with an `Assignment`, answers with a `Report`.
 */

export interface Assignment {
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  /** Cases at most; none means that only the time counts. */
  readonly cases?: number;
  readonly seconds: number;
  /** Past findings too. */
  readonly regressions: boolean;
  /** File in which the index of the case at hand stands, as a double. */
  readonly markPath: string;
}

export interface Report {
  readonly cases: number;
  readonly seconds: number;
  readonly regressions: readonly { readonly name: string; readonly fault?: string }[];
  readonly finding?: Finding;
}

const assignment = JSON.parse(process.argv[2] ?? '') as Assignment;
const target = FUZZ_TARGETS.find(({ name }) => name === assignment.target);
if (target === undefined) throw new Error(`no fuzz target ${assignment.target}`);
const mark = createMark(assignment.markPath);
const open = await target.open(assignment.seed);
const regressions: Report['regressions'][number][] = [];
for (const regression of assignment.regressions ? open.regressions : [])
  regressions.push(await runRegression(regression));
const report = await runCases(open, target.casesPerMark);
await open.close();
process.send?.({ ...report, regressions } satisfies Report);
process.disconnect();

async function runRegression(regression: Regression): Promise<Report['regressions'][number]> {
  const fault = await regression.run();
  return { name: regression.name, ...(fault !== undefined && { fault }) };
}

async function runCases(
  target: OpenTarget,
  casesPerMark: number,
): Promise<Omit<Report, 'regressions'>> {
  const { first } = assignment;
  const end = first + (assignment.cases ?? Infinity);
  const begin = performance.now();
  const until = begin + (assignment.cases === undefined ? assignment.seconds * 1000 : Infinity);
  let finding: Finding | undefined;
  let index = first;
  for (; index < end && finding === undefined; index += 1) {
    if ((index - first) % casesPerMark === 0) {
      if (performance.now() >= until) break;
      mark(index);
    }
    try {
      const outcome = target.run(index);
      finding = outcome instanceof Promise ? await outcome : outcome;
    } catch (error) {
      finding = { index, what: error instanceof Error ? String(error.stack) : String(error) };
    }
  }
  finding ??= target.finish();
  return {
    cases: index - first,
    seconds: (performance.now() - begin) / 1000,
    ...(finding !== undefined && { finding }),
  };
}

function createMark(path: string): (index: number) => void {
  const file = openSync(path, 'w');
  const bytes = Buffer.alloc(8);
  return (index) => {
    bytes.writeDoubleLE(index);
    writeSync(file, bytes, 0, bytes.length, 0);
  };
}

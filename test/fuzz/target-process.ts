import { openSync, writeSync } from 'node:fs';
import { NvgateError } from '../../src/errors.js';
import { SanitizerFinding } from './sanitizer/sanitized-process.js';
import { FUZZ_TARGETS } from './targets.js';
import type { Finding, FuzzTarget, OpenTarget, Regression } from './target.js';

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
  readonly regressions: readonly {
    readonly name: string;
    readonly fault?: string;
    readonly by?: Finding['by'];
  }[];
  readonly finding?: Finding;
}

/** With what the verifier refuses a program; the end of its log follows. */
const VERIFIER_REFUSAL = /^The kernel refused \S+ \((EACCES|EINVAL|E2BIG)\)/;

const assignment = JSON.parse(process.argv[2] ?? '') as Assignment;
const target = FUZZ_TARGETS.find(({ name }) => name === assignment.target);
if (target === undefined) throw new Error(`no fuzz target ${assignment.target}`);
const mark = createMark(assignment.markPath);
process.send?.(await runTarget(target));
process.disconnect();

async function runTarget(target: FuzzTarget): Promise<Report> {
  let open: OpenTarget;
  try {
    open = await target.open(assignment.seed);
  } catch (error) {
    if (!(error instanceof NvgateError) || !VERIFIER_REFUSAL.test(error.message)) throw error;
    const finding: Finding = { index: assignment.first, what: error.message, by: 'verifier' };
    return { cases: 0, seconds: 0, regressions: [], finding };
  }
  const regressions: Report['regressions'][number][] = [];
  for (const regression of assignment.regressions ? open.regressions : [])
    regressions.push(await runRegression(regression));
  const report = await runCases(open, target.casesPerMark);
  await open.close();
  return { ...report, regressions };
}

async function runRegression(regression: Regression): Promise<Report['regressions'][number]> {
  const { name } = regression;
  try {
    const fault = await regression.run();
    return { name, ...(fault !== undefined && { fault }) };
  } catch (error) {
    return { name, fault: wordsOf(error), ...finderOf(error) };
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? String(error.stack) : String(error);
}

function finderOf(error: unknown): Pick<Finding, 'by'> {
  return error instanceof SanitizerFinding ? { by: 'sanitizer' } : {};
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
      finding = { index, what: wordsOf(error), ...finderOf(error) };
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

import { startVitest } from 'vitest/node';
import { parseFuzzArguments } from './fuzz/arguments.js';
import { runFuzz } from './fuzz/run-fuzz.js';
import { runKernel } from './kernel/run-kernel.js';
import { tallyReporter, type Tally } from './tally.js';

/*
 * Runs the test projects of vitest.config.ts one after another and ends with one line,
 * `N passed, N failed, N skipped`, over all of them. Each skip is printed with its reason. The
 * project `kernel` runs in a guest with a stock kernel and has such a line of its own. `fuzz` has
 * targets for files, takes a minute and prints its seed.
 *
 *     node dist/test/run.js [project | part of a file name]…
 *
 * Parts of file names alone leave out `kernel`, which has the same files once more, and `fuzz`.
 */

const PROJECTS = [
  'unit',
  'architecture',
  'contract',
  'differential',
  'fuzz',
  'integration',
  'interop',
  'kernel',
] as const;
type Project = (typeof PROJECTS)[number];

/** These make network namespaces, load BPF programs or show the guest all files. */
const NEED_ROOT: ReadonlySet<Project> = new Set([
  'contract',
  'differential',
  'integration',
  'interop',
  'kernel',
]);

const names = process.argv.slice(2);
const picked = PROJECTS.filter((project) => names.includes(project));
const filters = names.filter((name) => !(PROJECTS as readonly string[]).includes(name));
const projects =
  picked.length > 0
    ? picked
    : PROJECTS.filter(
        (project) => filters.length === 0 || (project !== 'kernel' && project !== 'fuzz'),
      );

const isRoot = process.getuid?.() === 0;
const tallies = new Map<Project, Tally>();
for (const project of projects) tallies.set(project, await runProject(project));

const all = [...tallies.values()];
const ran = sum(all, ({ passed, failed, skipped }) => passed + failed + skipped.length);
if (ran === 0) console.error(`No test matches ${names.join(' ')}.`);
for (const { test, reason } of all.flatMap(({ skipped }) => skipped))
  console.log(`skipped: ${test}: ${reason}`);
const guest = tallies.get('kernel');
if (guest !== undefined) console.log(`${summary([guest])} in the guest`);
if (guest === undefined || all.length > 1) console.log(summary(all));
process.exit(sum(all, ({ failed }) => failed) > 0 || ran === 0 ? 1 : 0);

function sum(of: readonly Tally[], count: (tally: Tally) => number): number {
  return of.reduce((total, tally) => total + count(tally), 0);
}

function summary(of: readonly Tally[]): string {
  return [
    `${sum(of, ({ passed }) => passed)} passed`,
    `${sum(of, ({ failed }) => failed)} failed`,
    `${sum(of, ({ skipped }) => skipped.length)} skipped`,
  ].join(', ');
}

async function runProject(project: Project): Promise<Tally> {
  if (NEED_ROOT.has(project) && !isRoot) {
    const reason = 'needs root, for network namespaces and BPF';
    return { passed: 0, failed: 0, skipped: [{ test: project, reason }] };
  }
  console.log(`\n${project}`);
  const tally = await runAny(project);
  if (tally === undefined) {
    console.error(`The project ${project} did not run.`);
    return { passed: 0, failed: 1, skipped: [] };
  }
  if (filters.length === 0 && tally.passed + tally.failed + tally.skipped.length === 0) {
    console.error(`The project ${project} has no test.`);
    return { ...tally, failed: 1 };
  }
  return tally;
}

async function runAny(project: Project): Promise<Tally | undefined> {
  if (project === 'fuzz') return runFuzz(parseFuzzArguments(filters));
  if (project === 'kernel') return runKernel(names.includes('kernel') ? filters : undefined);
  return runVitest(project);
}

async function runVitest(project: Project): Promise<Tally | undefined> {
  let tally: Tally | undefined;
  await startVitest('test', filters, {
    project: [project],
    watch: false,
    passWithNoTests: true,
    reporters: ['default', tallyReporter((result) => (tally = result))],
  });
  return tally;
}

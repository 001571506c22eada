import { startVitest, type Reporter, type TestModule, type TestSuite } from 'vitest/node';

/*
 * Runs the test projects of vitest.config.ts one after another and ends with one line,
 * `N passed, N failed, N skipped`, over all of them. Each skip is printed with its reason.
 *
 *     node dist/test/run.js [project | part of a file name]…
 */

const PROJECTS = [
  'unit',
  'architecture',
  'contract',
  'differential',
  'integration',
  'interop',
] as const;
type Project = (typeof PROJECTS)[number];

/** These make network namespaces and load BPF programs. */
const NEED_ROOT: ReadonlySet<Project> = new Set([
  'contract',
  'differential',
  'integration',
  'interop',
]);

interface Skip {
  readonly test: string;
  readonly reason: string;
}

interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly Skip[];
}

const names = process.argv.slice(2);
const picked = PROJECTS.filter((project) => names.includes(project));
const filters = names.filter((name) => !(PROJECTS as readonly string[]).includes(name));
const projects = picked.length === 0 ? PROJECTS : picked;

const isRoot = process.getuid?.() === 0;
const tallies: Tally[] = [];
for (const project of projects) tallies.push(await runProject(project));

const sum = (of: (tally: Tally) => number): number =>
  tallies.reduce((total, tally) => total + of(tally), 0);
const failed = sum((tally) => tally.failed);
const ran = sum((tally) => tally.passed + tally.failed + tally.skipped.length);
if (ran === 0) console.error(`No test matches ${names.join(' ')}.`);
for (const { test, reason } of tallies.flatMap((tally) => tally.skipped))
  console.log(`skipped: ${test}: ${reason}`);
console.log(
  `${sum((tally) => tally.passed)} passed, ${failed} failed, ${sum((tally) => tally.skipped.length)} skipped`,
);
process.exit(failed > 0 || ran === 0 ? 1 : 0);

async function runProject(project: Project): Promise<Tally> {
  if (NEED_ROOT.has(project) && !isRoot) {
    const reason = 'needs root, for network namespaces and BPF';
    return { passed: 0, failed: 0, skipped: [{ test: project, reason }] };
  }
  console.log(`\n${project}`);
  let tally: Tally | undefined;
  const counter: Reporter = {
    onTestRunEnd(modules, unhandledErrors) {
      tally = count(modules, unhandledErrors.length);
    },
  };
  await startVitest('test', filters, {
    project: [project],
    watch: false,
    passWithNoTests: true,
    reporters: ['default', counter],
  });
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

/** A suite that fails outside its tests, in a hook or while it loads, counts as one failure. */
function count(modules: readonly TestModule[], unhandledErrors: number): Tally {
  const tally = { passed: 0, failed: unhandledErrors, skipped: [] as Skip[] };
  for (const module of modules) {
    const suites = [...module.children.allSuites()];
    tally.failed += [module, ...suites].filter((suite) => suite.errors().length > 0).length;
    for (const test of module.children.allTests()) {
      const result = test.result();
      switch (result.state) {
        case 'passed':
        case 'failed':
          tally[result.state] += 1;
          break;
        case 'skipped': {
          const reason = result.note ?? skipReason(test.parent, test.options.mode);
          tally.skipped.push({ test: `${module.relativeModuleId} > ${test.fullName}`, reason });
          break;
        }
        case 'pending':
          tally.skipped.push({ test: test.fullName, reason: 'the run ended before it' });
      }
    }
  }
  return tally;
}

function skipReason(parent: TestSuite | TestModule, mode: string | undefined): string {
  for (let suite = parent; ; suite = suite.parent) {
    if (suite.errors().length > 0) return 'what it needs could not be set up';
    if (suite.type === 'module') break;
  }
  return mode === 'todo' ? 'not written yet' : 'no reason given';
}

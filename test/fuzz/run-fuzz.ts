import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from '../support/process-owner.js';
import type { Skip, Tally } from '../tally.js';
import type { FuzzOptions } from './arguments.js';
import { createProgramFindings } from './program-findings.js';
import { watchStall } from './stall.js';
import type { Assignment, Report } from './target-process.js';
import type { FuzzTarget } from './target.js';
import { FUZZ_TARGETS } from './targets.js';

/** More than any case needs; whoever needs more is a finding. */
const MEMORY_MB = 1024;

/**
 * Runs targets one after the other, each in a process of its own. A target counts as one test, and
 * so does each of its past findings.
 */
export async function runFuzz(options: FuzzOptions): Promise<Tally> {
  console.log(`fuzz: seed ${options.seed}`);
  const wanted = FUZZ_TARGETS.filter(
    ({ name }) => options.targets.length === 0 || options.targets.includes(name),
  );
  const unknown = options.targets.filter((name) => wanted.every((target) => target.name !== name));
  if (unknown.length > 0)
    console.error(
      `fuzz: no target ${unknown.join(', ')}; there are ${FUZZ_TARGETS.map(({ name }) => name).join(', ')}`,
    );
  const isRoot = process.getuid?.() === 0;
  const tally = { passed: 0, failed: unknown.length, skipped: [] as Skip[] };
  const programs = createProgramFindings();
  for (const target of wanted) {
    if (target.packets && !isRoot) {
      tally.skipped.push({ test: `fuzz ${target.name}`, reason: 'needs root, for BPF' });
      continue;
    }
    const result = await runProcess(assignmentOf(target, wanted, options));
    const { passed, failed } = describeResult(target, options.seed, result);
    if (target.packets && 'cases' in result) programs.add(target.packets, result);
    tally.passed += passed;
    tally.failed += failed;
  }
  for (const line of programs.lines()) console.log(`fuzz: ${line}`);
  return tally;
}

type Work = Omit<Assignment, 'markPath'>;

function assignmentOf(
  target: FuzzTarget,
  wanted: readonly FuzzTarget[],
  { seed, seconds, packets, case: index }: FuzzOptions,
): Work {
  const shares = wanted.reduce((sum, { share }) => sum + share, 0);
  const packetTargets = wanted.filter((other) => other.packets).length;
  const cases =
    index !== undefined
      ? 1
      : packets !== undefined && target.packets
        ? Math.ceil(packets / packetTargets)
        : undefined;
  return {
    target: target.name,
    seed,
    first: index ?? 0,
    ...(cases !== undefined && { cases }),
    seconds: (seconds * target.share) / shares,
    regressions: index === undefined,
  };
}

function describeResult(
  { name }: FuzzTarget,
  seed: number,
  result: Result,
): { passed: number; failed: number } {
  if ('death' in result) {
    console.log(`fuzz ${name}: ${result.death}\n${repeatWith(name, seed, result.index)}`);
    return { passed: 0, failed: 1 };
  }
  const { cases, seconds, regressions, finding } = result;
  const faults = regressions.filter(({ fault }) => fault !== undefined);
  for (const { name: past, fault } of faults) console.log(`fuzz ${name}: ${past}: ${fault ?? ''}`);
  const rate = Math.round(cases / Math.max(seconds, 0.001));
  console.log(
    `fuzz ${name}: ${regressions.length} past findings, ${cases} cases in ${seconds.toFixed(1)} s, ${rate}/s`,
  );
  if (finding !== undefined)
    console.log(`${finding.what}\n${repeatWith(name, seed, finding.index)}`);
  const failed = faults.length + (finding === undefined ? 0 : 1);
  return { passed: regressions.length + 1 - failed, failed };
}

function repeatWith(name: string, seed: number, index: number): string {
  return `Again with: npm run test:fuzz -- --seed ${seed} --case ${index} ${name}`;
}

/** What the process of a target said, or how it died at which case. */
type Result = Report | { readonly death: string; readonly index: number };

async function runProcess(work: Work): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'nvgt-fuzz-'));
  const markPath = join(directory, 'case');
  const assignment: Assignment = { ...work, markPath };
  const child = fork(
    new URL('./target-process.js', import.meta.url),
    [JSON.stringify(assignment)],
    // A session of its own: Ctrl-C at a terminal reaches this process alone, which then ends the rest.
    {
      execArgv: [`--max-old-space-size=${MEMORY_MB}`],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      detached: true,
    },
  );
  const forget = atExit(() => child.kill('SIGKILL'));
  const atCase = (): number => {
    const bytes = readFileSync(markPath, { flag: 'a+' });
    return bytes.length === 8 ? bytes.readDoubleLE() : work.first;
  };
  let stalled: string | undefined;
  const stop = watchStall(child.pid ?? 0, atCase, (why) => {
    stalled = why;
    child.kill('SIGKILL');
  });
  try {
    const { report, death } = await ending(child);
    return report ?? { death: stalled ?? death, index: atCase() };
  } finally {
    stop();
    forget();
    rmSync(directory, { recursive: true });
  }
}

/** How much of what a dying process says is shown. */
const LAST_WORDS = 3000;

function ending(child: ChildProcess): Promise<{ report: Report | undefined; death: string }> {
  let report: Report | undefined;
  let said = '';
  child.on('message', (message) => (report = message as Report));
  child.stderr?.on(
    'data',
    (chunk: Buffer) => (said = (said + chunk.toString()).slice(-LAST_WORDS)),
  );
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      resolve({ report, death: `the process ended (${signal ?? String(status)})\n${said.trim()}` });
    });
  });
}

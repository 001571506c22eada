import { messageOf } from '../../errors.js';
import { commandLine, run } from './run.js';
import type { IpStep, NftStep, OwnStep, Step, SysctlStep } from './step.js';

/** A step and what it is part of. */
export interface Task<Owner> {
  readonly owner: Owner;
  readonly step: Step;
}

/**
 * Runs tasks in their order, neighbours of one tool and namespace together. Once a task of an
 * owner has failed the rest of that owner's are left out; other owners go on.
 * @returns the first failure of each owner, in words
 */
export async function runTasks<Owner>(tasks: readonly Task<Owner>[]): Promise<Map<Owner, string>> {
  const failures = new Map<Owner, string>();
  for (const batch of batches(tasks)) {
    const due = batch.filter(({ owner }) => !failures.has(owner));
    const reasons = await runBatch(due.map(({ step }) => step));
    due.forEach(({ owner }, index) => {
      const reason = reasons[index];
      if (reason !== undefined && !failures.has(owner)) failures.set(owner, reason);
    });
  }
  return failures;
}

function batches<Owner>(tasks: readonly Task<Owner>[]): Task<Owner>[][] {
  const all: Task<Owner>[][] = [];
  for (const task of tasks) {
    const last = all.at(-1);
    const before = last?.at(-1)?.step;
    if (last !== undefined && before !== undefined && mayFollow(before, task.step)) last.push(task);
    else all.push([task]);
  }
  return all;
}

function mayFollow(before: Step, step: Step): boolean {
  return (
    ((before.tool === 'ip' && step.tool === 'ip' && before.family === step.family) ||
      (before.tool === 'sysctl' && step.tool === 'sysctl')) &&
    before.namespace === step.namespace
  );
}

type Outcome = string | undefined;

/** One outcome for each step: undefined, or why it failed. All steps are of one tool. */
async function runBatch(steps: readonly Step[]): Promise<Outcome[]> {
  const [first] = steps;
  if (first === undefined) return [];
  try {
    switch (first.tool) {
      case 'ip':
        return await runIp(steps as IpStep[]);
      case 'sysctl':
        return await runSysctl(steps as SysctlStep[]);
      case 'nft':
        return [await runNft(first)];
      case 'own':
        return [await runOwn(first)];
    }
  } catch (error) {
    return steps.map(() => messageOf(error));
  }
}

/** Prints something, which tells that ip has come to the end of its batch. */
const END_LINE = 'link show dev lo';

/**
 * `ip -force -batch` goes on after a line that fails and names its number. A few failures end it
 * all the same; then each line runs alone.
 */
async function runIp(steps: readonly IpStep[]): Promise<Outcome[]> {
  const [first] = steps;
  const said = steps.length === 1 ? undefined : await runIpBatch(steps, first?.namespace);
  const outcomes: Outcome[] = [];
  for (const [index, step] of steps.entries()) {
    const error = said === undefined ? await runIpAlone(step) : said.get(index + 1);
    outcomes.push(error === undefined ? undefined : await ipOutcome(step, error));
  }
  return outcomes;
}

/** What ip said by line number, from 1; undefined where it did not reach the end. */
async function runIpBatch(
  steps: readonly IpStep[],
  namespace: string | undefined,
): Promise<Map<number, string> | undefined> {
  const input = [...steps.map(({ line }) => line), END_LINE, ''].join('\n');
  const args = [...familyOption(steps[0]), '-force', '-batch', '-'];
  const result = await run({ file: 'ip', args, input }, namespace);
  return result.stdout === '' ? undefined : batchErrors(result.stderr);
}

/** Reads what `ip -force -batch -` writes to standard error: messages, then `Command failed -:LINE`. */
export function batchErrors(stderr: string): Map<number, string> {
  const errors = new Map<number, string>();
  let message: string[] = [];
  for (const line of stderr.split('\n')) {
    const number = /^Command failed -:(\d+)$/.exec(line)?.[1];
    if (number === undefined) message.push(line);
    else {
      errors.set(Number(number), message.join(' ').trim());
      message = [];
    }
  }
  return errors;
}

async function runIpAlone(step: IpStep): Promise<string | undefined> {
  const args = [...familyOption(step), ...step.line.split(' ')];
  const result = await run({ file: 'ip', args }, step.namespace);
  return result.exitCode === 0 ? undefined : result.stderr.trim();
}

function familyOption(step: IpStep | undefined): string[] {
  return step?.family === undefined ? [] : [`-${step.family}`];
}

async function ipOutcome(step: IpStep, error: string): Promise<Outcome> {
  if (step.done.test(error)) return undefined;
  if (step.onConflict !== undefined && /File exists/.test(error)) {
    try {
      await step.onConflict();
      return undefined;
    } catch (conflict) {
      return messageOf(conflict);
    }
  }
  return `ip ${step.line}: ${error}`;
}

/** Reads lines of path and value; prints `NUMBER MESSAGE` for each that fails, from 0. */
const SYSCTL_SCRIPT = `
number=0
while read -r path value; do
  { printf '%s\\n' "$value" >"/proc/sys/$path"; } 2>/dev/null ||
    message=$( { printf '%s\\n' "$value" >"/proc/sys/$path"; } 2>&1 ) ||
    echo "$number" $message
  number=$((number + 1))
done
echo end
`;

async function runSysctl(steps: readonly SysctlStep[]): Promise<Outcome[]> {
  const [first] = steps;
  const input = steps.map(({ path, value }) => `${path} ${value}\n`).join('');
  const command = { file: 'sh', args: ['-c', SYSCTL_SCRIPT], input };
  const { stdout, stderr } = await run(command, first?.namespace);
  const reached = stdout.endsWith('end\n');
  const failed = new Map(
    [...stdout.matchAll(/^(\d+) (.*)$/gm)].map(([, number, message]) => [Number(number), message]),
  );
  return steps.map(({ path, value, done }, index) => {
    const error = reached ? failed.get(index) : stderr.trim();
    return error === undefined || done.test(error)
      ? undefined
      : `/proc/sys/${path} = ${value}: ${error}`;
  });
}

async function runNft({ script, namespace, done }: NftStep): Promise<Outcome> {
  const command = { file: 'nft', args: ['-f', '-'], input: script };
  const { exitCode, stderr } = await run(command, namespace);
  if (exitCode === 0 || done.test(stderr)) return undefined;
  return `${commandLine(command)}: ${stderr.trim()}`;
}

async function runOwn({ act }: OwnStep): Promise<Outcome> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

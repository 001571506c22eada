import { readFileSync } from 'node:fs';

/** First part of every name that a test gives to something on the machine. */
export const NAME_PREFIX = 'nvgt';

/**
 * `nvgt-<pid>-<start time>`: names whatever this process makes, so that a later run can tell what
 * a dead process left behind. The start time tells a process from a later one with its pid.
 */
export const OWNER_TAG = `${NAME_PREFIX}-${process.pid}-${startTime(process.pid)}`;

/** Whether the name carries the tag of a process that is no longer there. */
export function isLeftover(name: string): boolean {
  const match = /^nvgt-(\d+)-([0-9a-z]+)-/.exec(name);
  if (match?.[1] === undefined) return false;
  return startTime(Number(match[1])) !== match[2];
}

/** Whether there is such a process; one that has ended and waits to be collected is none. */
export function isRunning(pid: number): boolean {
  return startTime(pid) !== 'gone';
}

/**
 * Clock ticks from boot to the start of the process (proc(5), field 22 of stat), in base 36;
 * `gone` where there is no such process, or nothing but its exit status.
 */
function startTime(pid: number): string {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return 'gone';
  }
  // The command name in parentheses may hold blanks; field 3 is the first one behind it.
  const fields = stat.split(') ').pop()?.split(' ') ?? [];
  const zombie = fields[0] === 'Z';
  return zombie ? 'gone' : Number(fields[19]).toString(36);
}

type Task = () => void;

const tasks = new Set<Task>();

/**
 * Runs the task when this process ends, in whichever way a process can notice: return, exit, an
 * uncaught error, Ctrl-C or a termination signal. The last one registered runs first.
 * @returns the function that takes the task off the list again
 */
export function atExit(task: Task): () => void {
  installHooks();
  tasks.add(task);
  return () => tasks.delete(task);
}

/** Removes now what would be removed when this process ends: namespaces, processes, directories. */
export function cleanUp(): void {
  for (const task of [...tasks].reverse()) task();
  tasks.clear();
}

/** Forgets all that {@link atExit} was told: what was made stays when the process ends. */
export function keepEverything(): void {
  tasks.clear();
}

let installed = false;

function installHooks(): void {
  if (installed) return;
  installed = true;
  process.on('exit', cleanUp);
  for (const [signal, number] of [
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const)
    process.once(signal, () => process.exit(128 + number));
}

import { readFileSync } from 'node:fs';
import { patience } from '../support/patience.js';

/** CPU time for one case, or for those between two marks: it does not depend on what else runs. */
const CPU_SECONDS = 30;
/** A case that waits for what never comes uses no CPU. */
const WAITING_SECONDS = 300;
const LOOK_EVERY_MS = 1000;
/** USER_HZ, in which proc(5) counts; 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Looks every second whether a process gets on with its cases. @returns the end of the watch */
export function watchStall(
  pid: number,
  atCase: () => number,
  stalled: (why: string) => void,
): () => void {
  let last = { index: -1, cpu: 0, since: 0 };
  const timer = setInterval(() => {
    const cpu = cpuSeconds(pid);
    if (cpu === undefined) return;
    const index = atCase();
    if (index !== last.index) {
      last = { index, cpu, since: performance.now() };
      return;
    }
    if (cpu - last.cpu >= CPU_SECONDS) stalled(`one case took ${CPU_SECONDS} s of CPU time`);
    else if (performance.now() - last.since >= patience(WAITING_SECONDS * 1000))
      stalled(`one case did not end within ${WAITING_SECONDS} s`);
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

/** User and system time of a process so far; undefined where it is gone. */
function cpuSeconds(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // Fields 14 and 15 of proc(5); the command's name, field 2, may hold blanks.
  const fields = stat.split(') ').pop()?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

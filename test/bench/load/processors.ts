import { readFileSync } from 'node:fs';

/** Seconds that one processor, or all of them, spent since boot (proc(5), stat). */
export interface ProcessorTimes {
  /** In user space. */
  readonly user: number;
  /** In the kernel, in system calls and kernel threads. */
  readonly system: number;
  /** Handling interrupts, hard and soft. */
  readonly interrupt: number;
}

/** By processor. */
export type ProcessorReading = readonly ProcessorTimes[];

/** Clock ticks of /proc/stat: USER_HZ is 100 on every architecture that nvgate runs on. */
const TICKS_PER_SECOND = 100;

export function readProcessors(): ProcessorReading {
  return parseProcStat(readFileSync('/proc/stat', 'utf8'));
}

export function parseProcStat(text: string): ProcessorTimes[] {
  return [...text.matchAll(/^cpu\d+ (.*)$/gm)].map(([, line = '']) => {
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(' ').map(Number);
    return {
      user: (user + nice) / TICKS_PER_SECOND,
      system: system / TICKS_PER_SECOND,
      interrupt: (irq + softirq) / TICKS_PER_SECOND,
    };
  });
}

/** What each processor did between two readings. */
export function between(before: ProcessorReading, after: ProcessorReading): ProcessorTimes[] {
  return after.map((now, index) => {
    const then = before[index] ?? { user: 0, system: 0, interrupt: 0 };
    return {
      user: now.user - then.user,
      system: now.system - then.system,
      interrupt: now.interrupt - then.interrupt,
    };
  });
}

export function total(
  processors: readonly ProcessorTimes[],
  of: (times: ProcessorTimes) => number,
): number {
  return processors.reduce((sum, times) => sum + of(times), 0);
}

/** Share of the work that the busiest processor did: 1 / processors at best, 1 at worst. */
export function busiestShare(
  processors: readonly ProcessorTimes[],
  of: (times: ProcessorTimes) => number,
): number {
  return Math.max(...processors.map(of)) / total(processors, of);
}

import { readFileSync } from 'node:fs';
import type { Api } from './api.js';

/** Megabytes that a process has in memory now, and had at most (proc(5), status). */
export interface Resident {
  readonly now: number;
  readonly peak: number;
}

export function residentMegabytes(pid: number): Resident {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kilobytes === undefined) throw new Error(`process ${pid} shows no ${name}`);
    return Math.round(Number(kilobytes) / 1024);
  };
  return { now: field('VmRSS'), peak: field('VmHWM') };
}

/** The daemon's metric counts from one tick of its 10 ms timer to the next. */
const TICK_MILLISECONDS = 10;

/**
 * Milliseconds for which the daemon's event loop was held up at most since this was last called:
 * what perf_hooks.monitorEventLoopDelay has found in the daemon, exported by GET /metrics, which
 * begins anew with each reading. The timer's own 10 ms are taken off.
 */
export async function eventLoopStall(api: Api): Promise<number> {
  const longest = parseMetric(await api.get('/metrics'), 'nodejs_eventloop_lag_max_seconds');
  return Math.max(0, Math.round(longest * 1000 - TICK_MILLISECONDS));
}

/** The value of a metric without labels in the Prometheus text format. */
export function parseMetric(text: string, name: string): number {
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`the gateway exports no ${name}`);
  return Number(value);
}

import { cpus, release, totalmem } from 'node:os';
import type { ControlPlane } from './control/figures.js';
import { judge, type GoalResult } from './goals.js';
import { GENERATORS } from './load/job.js';
import type { Measurements, Medians, Metric } from './measurements.js';
import type { Extent } from './run-context.js';
import type { Spread } from './statistics.js';
import type { SubjectKey } from './subjects.js';

/** What `npm run bench -- --json` prints. */
export interface Report {
  readonly machine: {
    readonly cpus: number;
    readonly model: string;
    readonly memoryGigabytes: number;
    readonly kernel: string;
    readonly node: string;
  };
  readonly form: 'full' | 'short';
  readonly began: string;
  readonly seconds: number;
  readonly generator: string;
  readonly rounds: number;
  /** Medians over the rounds, by subject and metric. */
  readonly results: Partial<Record<SubjectKey, Medians>>;
  readonly spread: Partial<Record<SubjectKey, Partial<Record<Metric, Spread>>>>;
  readonly controlPlane: ControlPlane;
  /** What the product is to reach, by key: as measured, and whether it holds. */
  readonly goals: Readonly<Record<string, GoalResult>>;
  /** What was not measured, and why. */
  readonly unavailable: Readonly<Record<string, string>>;
}

export interface ReportParts {
  readonly extent: Extent;
  readonly began: Date;
  readonly measurements: Measurements;
  readonly controlPlane: ControlPlane;
  readonly unavailable: ReadonlyMap<string, string>;
}

export function createReport(parts: ReportParts): Report {
  const { extent, began, measurements, controlPlane, unavailable } = parts;
  return {
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? 'unknown',
      memoryGigabytes: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
      node: process.version,
    },
    form: extent.short ? 'short' : 'full',
    began: began.toISOString(),
    seconds: Math.round((Date.now() - began.getTime()) / 1000),
    generator: GENERATORS[extent.generator],
    rounds: extent.rounds,
    results: measurements.medians(),
    spread: measurements.spreads(),
    controlPlane,
    goals: judge({ measurements, controlPlane }),
    unavailable: Object.fromEntries(unavailable),
  };
}

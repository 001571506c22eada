import type { Gateway } from '../support/gateway.js';
import type { Scene } from '../support/scene.js';

/** What the checks act on. */
export interface Stage {
  readonly scene: Scene;
  readonly gateway: Gateway;
}

/** One thing that the demo shows. It fails by throwing. */
export interface Check {
  /** Stable name in the `--json` report. */
  readonly id: string;
  /** What is done, for the person who watches. */
  readonly title: string;
  /** @param say prints a line of evidence while the check runs */
  run(stage: Stage, say: Say): Promise<Outcome>;
}

export type Say = (line: string) => void;

export interface Outcome {
  /** What came out, one line. */
  readonly detail: string;
  /** Numbers for the `--json` report. */
  readonly figures?: Figures;
}

export type Figures = Readonly<Record<string, number>>;

/** A check did not show what it should. */
export class CheckFailed extends Error {}

/** @throws CheckFailed with the complaint where the claim does not hold */
export function demand(holds: boolean, complaint: string): asserts holds {
  if (!holds) throw new CheckFailed(complaint);
}

import type { Figures, Outcome, Say } from './check.js';
import type { Screen } from './screen.js';

/** What `--json` prints. */
export interface Report {
  /** Every check held. */
  readonly ok: boolean;
  readonly checks: readonly CheckResult[];
  /** By the id of the check that measured them. */
  readonly figures: Readonly<Record<string, Figures>>;
}

export interface CheckResult {
  readonly id: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** A check as the recorder sees it; what it yields besides its outcome is the caller's. */
export interface Attempt<T extends Outcome> {
  readonly id: string;
  readonly title: string;
  readonly run: (say: Say) => Promise<T>;
}

/** Runs checks one after another, shows them and collects what came out. */
export interface Recorder {
  /** Undefined where the check failed. */
  attempt<T extends Outcome>(check: Attempt<T>): Promise<T | undefined>;
  /** A check that cannot run because something before it failed. */
  skip(check: Pick<Attempt<Outcome>, 'id' | 'title'>, reason: string): void;
  report(): Report;
}

export function createRecorder(screen: Screen, total: number): Recorder {
  const checks: CheckResult[] = [];
  const figures: Record<string, Figures> = {};
  const finish = (id: string, ok: boolean, detail: string, seconds: number): void => {
    checks.push({ id, ok, detail });
    screen.outcome(ok, detail, seconds);
  };
  const begin = (title: string): void => screen.heading(checks.length + 1, total, title);
  return {
    async attempt({ id, title, run }) {
      begin(title);
      const start = performance.now();
      const seconds = (): number => (performance.now() - start) / 1000;
      try {
        const outcome = await run(screen.line);
        if (outcome.figures !== undefined) figures[id] = outcome.figures;
        finish(id, true, outcome.detail, seconds());
        return outcome;
      } catch (error) {
        finish(id, false, error instanceof Error ? error.message : String(error), seconds());
        return undefined;
      }
    },
    skip({ id, title }, reason) {
      begin(title);
      finish(id, false, reason, 0);
    },
    report: () => ({ ok: checks.every(({ ok }) => ok), checks, figures }),
  };
}

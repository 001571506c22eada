import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work that is done a few milliseconds at a time, so that others can have a turn in between. */
export type Steps<Result = void> = Generator<void, Result>;

/** So many objects are worked on in one step. */
const TOGETHER = 1_000;

/** Counts what is worked on; true when a step is long enough. */
export type Pace = () => boolean;

export function createPace(): Pace {
  let count = 0;
  return () => ++count % TOGETHER === 0;
}

/** With a turn for everybody else after each step. */
export async function inTurns<Result>(steps: Steps<Result>): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}

/** For where nobody waits. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

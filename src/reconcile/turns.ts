/** Runs the task when it is its turn. */
export type Turns = <T>(task: () => Promise<T>) => Promise<T>;

/** One task runs at a time, the first come first. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const mine = last.then(task);
    last = mine.catch(() => undefined);
    return mine;
  };
}

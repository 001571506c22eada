/** Runs the task when it is its turn. */
export type Turns = <T>(task: () => Promise<T>) => Promise<T>;

/** So many tasks run at once; the others wait, the first come first. */
export function createTurns(places: number): Turns {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

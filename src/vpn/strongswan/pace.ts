/** Runs tasks of many routing domains so that no domain's trouble holds up another's. */
export interface Gate {
  <T>(task: () => Promise<T>): Promise<T>;
}

/**
 * Lets that many tasks run at once. A task that takes longer than `patienceMs` goes on, but gives
 * up its place: daemons that do not come up must not keep the others from starting.
 */
export function createGate(places: number, patienceMs: number): Gate {
  let free = places;
  const waiting: (() => void)[] = [];
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    let left = false;
    const leaveOnce = (): void => {
      if (!left) leave();
      left = true;
    };
    const timer = setTimeout(leaveOnce, patienceMs);
    try {
      return await task();
    } finally {
      clearTimeout(timer);
      leaveOnce();
    }
  };
}

/** Resolves for one caller after another, at least `intervalMs` apart. */
export function createPacer(intervalMs: number): () => Promise<void> {
  let next = 0;
  return async () => {
    const now = performance.now();
    const slot = Math.max(now, next);
    next = slot + intervalMs;
    if (slot > now) await new Promise((resolve) => setTimeout(resolve, slot - now));
  };
}

/** Runs tasks one after another; one that fails does not keep the next from running. */
export function createQueue(): Gate {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task, task);
    last = result.catch(() => undefined);
    return result;
  };
}

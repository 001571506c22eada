const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** When to try again what has failed: soon at first, then ever more rarely, at least once a minute. */
export interface Retry {
  /** Calls back after a while, once, whatever number of times it is asked until then. */
  later(callback: () => void): void;
  /** There is nothing to try again any more. */
  settled(): void;
}

export function createRetry(): Retry {
  let attempts = 0;
  let timer: NodeJS.Timeout | undefined;
  return {
    later(callback) {
      if (timer !== undefined) return;
      const delay = Math.min(FIRST_MS * 2 ** attempts, LONGEST_MS);
      attempts++;
      timer = setTimeout(() => {
        timer = undefined;
        callback();
      }, delay).unref();
    },
    settled() {
      clearTimeout(timer);
      timer = undefined;
      attempts = 0;
    },
  };
}

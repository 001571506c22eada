import { NvgateError } from '../errors.js';

/** Those who wait for a revision to reach the kernel. */
export interface WaitingRoom {
  /**
   * Resolves when that revision is `reached`.
   * @throws NvgateError `timedOut` when the signal aborts first, or everybody is sent away
   */
  wait(revision: number, signal?: AbortSignal): Promise<void>;
  reached(revision: number): void;
  sendAway(reason: string): void;
}

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
  readonly reject: (error: NvgateError) => void;
}

export function createWaitingRoom(): WaitingRoom {
  const waiters = new Set<Waiter>();
  let newest: number | undefined;
  return {
    wait(revision, signal) {
      if (newest !== undefined && newest >= revision) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          waiters.delete(waiter);
          signal?.removeEventListener('abort', abort);
        };
        const abort = (): void => {
          waiter.reject(timedOut(revision, 'Its objects say what is still pending or failed.'));
        };
        const waiter: Waiter = {
          revision,
          resolve: () => {
            leave();
            resolve();
          },
          reject: (error) => {
            leave();
            reject(error);
          },
        };
        waiters.add(waiter);
        if (signal?.aborted === true) abort();
        else signal?.addEventListener('abort', abort);
      });
    },
    reached(revision) {
      newest = Math.max(revision, newest ?? revision);
      for (const waiter of waiters) if (waiter.revision <= newest) waiter.resolve();
    },
    sendAway(reason) {
      for (const waiter of waiters) waiter.reject(timedOut(waiter.revision, reason));
    },
  };
}

function timedOut(revision: number, hint: string): NvgateError {
  return new NvgateError(
    'timedOut',
    `Revision ${revision} is stored, but has not reached the kernel yet. ${hint}`,
  );
}

import { NvgateError } from '../errors.js';
import type { Change } from './change.js';
import type { Snapshot } from './service.js';

/**
 * Keeps the policy over restarts, crashes and loss of power. One writer at a time; calls do not
 * overlap.
 */
export interface PolicyStore {
  /** The last revision committed; revision 0 and an empty policy in a new store. */
  load(): Promise<Snapshot>;
  /**
   * Adds the changes to what is stored and sets the revision, both or neither. Durable once
   * resolved.
   * @throws NvgateError `storeUnavailable`; what was stored before then still is
   */
  commit(revision: number, changes: readonly Change[]): Promise<void>;
  /** Whatever comes after it is refused. */
  close(): Promise<void>;
}

/** @param what what failed, with the place: `The policy could not be written to /var/lib/nvgate` */
export function storeUnavailable(what: string, cause: unknown): NvgateError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NvgateError(
    'storeUnavailable',
    `${what}: ${reason}. Nothing was changed; mend the state directory and try again.`,
    { cause },
  );
}

/**
 * What is stored is not what a store of this version can have written: a damaged disk, a foreign
 * file. To write to it would make it worse.
 */
export class StoreDamagedError extends NvgateError {
  /** What was found, without a full stop: `page 7: its keys are in disorder`. */
  readonly reason: string;

  /** @param file path of what is damaged */
  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(
      'storeDamaged',
      `${file} is no policy store, or a damaged one (${reason}). Use a backup (nvgate restore), or push the whole policy again.`,
      options,
    );
    this.name = 'StoreDamagedError';
    this.reason = reason;
  }
}

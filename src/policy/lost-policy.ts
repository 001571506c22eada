import { NvgateError } from '../errors.js';

/** A policy that was stored and cannot be read any more. */
export interface LostPolicy {
  /** Path of the damaged file. */
  readonly keptAs: string;
  /** What is wrong with it; absent when that was found at an earlier start. */
  readonly reason?: string;
}

/** Why a gateway that has lost its policy is degraded, and what to do. */
export function lostReason({ keptAs, reason }: LostPolicy): string {
  const why = reason === undefined ? '' : ` (${reason})`;
  return `The stored policy was damaged${why} and is kept as ${keptAs}. The kernel keeps what it has until the whole policy is pushed; nvgate restore brings back a backup.`;
}

/** What a change is refused with meanwhile. */
export function policyLost({ keptAs }: LostPolicy): NvgateError {
  return new NvgateError(
    'policyLost',
    `The stored policy was damaged and is kept as ${keptAs}; a change has nothing to build on. Push the whole policy first (PUT /v1/policy, nvgate apply --replace).`,
  );
}

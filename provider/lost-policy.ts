import type { LostPolicy } from '../src/policy/service.js';

/** Why a gateway that has lost its policy is degraded, and what to do. */
export function lostReason({ keptAs, reason }: LostPolicy): string {
  const why = reason === undefined ? '' : ` (${reason})`;
  return `The stored policy was damaged${why} and is kept as ${keptAs}. The kernel keeps what it has until the whole policy is pushed; nvgate restore brings back a backup.`;
}

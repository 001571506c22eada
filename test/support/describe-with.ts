import { describe } from 'vitest';

/** Why tests that need root do not run here; undefined: they do. */
export const noRoot = process.getuid?.() === 0 ? undefined : 'needs root';

/**
 * A suite that runs where nothing is missing. Where something is, its name says what, and `npm test`
 * prints that as the reason (`tally.ts`).
 */
export function describeWith(missing: string | undefined, name: string, define: () => void): void {
  describe.skipIf(missing !== undefined)(
    missing === undefined ? name : `${name} (skipped: ${missing})`,
    define,
  );
}

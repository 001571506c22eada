import { release } from 'node:os';
import type { Report } from './target-process.js';
import type { Finding, FuzzTarget } from './target.js';

/** What others than the comparison found of the BPF programs, over the targets of a run. */
export interface ProgramFindings {
  add(by: NonNullable<FuzzTarget['packets']>, report: Report): void;
  /** One for each that has looked at them; none where nothing was loaded or run. */
  lines(): string[];
}

export function createProgramFindings(): ProgramFindings {
  const found = { verifier: 0, sanitizer: 0 };
  let loads = 0;
  let sanitized = 0;
  return {
    add: (by, { cases, regressions, finding }) => {
      const finders = [...regressions, finding].flatMap((each): NonNullable<Finding['by']>[] =>
        each?.by === undefined ? [] : [each.by],
      );
      for (const finder of finders) found[finder] += 1;
      // The kernel loads them for either: it has the tables.
      loads += 1;
      if (by === 'underSanitizers') sanitized += cases + regressions.length;
    },
    lines: () => [
      ...(loads > 0
        ? [`verifier findings ${found.verifier} (Linux ${release()}, loads: ${loads})`]
        : []),
      ...(sanitized > 0 || found.sanitizer > 0
        ? [`sanitizer findings ${found.sanitizer} (packets: ${sanitized})`]
        : []),
    ],
  };
}

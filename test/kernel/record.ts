import type { Tally } from '../tally.js';

/** What came of one test. */
export interface TestRecord {
  readonly test: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly milliseconds: number;
}

/** One line, as JSON, of what the guest tells the host while it runs: at last the tally. */
export type GuestRecord =
  | TestRecord
  /** What was wrong with a test, or with a file or a suite in it outside its tests. */
  | { readonly where: string; readonly errors: readonly string[] }
  | { readonly tally: Tally };

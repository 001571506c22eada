import type { Tally } from '../tally.js';

/** One line, as JSON, of what the guest tells the host while it runs: each test, at last the sum. */
export type GuestRecord =
  | {
      readonly test: string;
      readonly state: 'passed' | 'failed' | 'skipped';
      readonly milliseconds: number;
    }
  | { readonly tally: Tally };

/** A part of nvgate that is fed what nobody ought to send. */
export interface FuzzTarget {
  readonly name: string;
  /** Its part of the time, as a weight beside those of the others. */
  readonly share: number;
  /** Its cases are packets; the kernel loads the programs in both ways, so it needs root. */
  readonly packets?: 'inKernel' | 'underSanitizers';
  /** Progress is noted after so many cases: each where a case may hang, fewer where one costs little. */
  readonly casesPerMark: number;
  /** Cases are a function of this seed and their index alone. */
  open(seed: number): Promise<OpenTarget>;
}

export interface OpenTarget {
  /** Past findings. */
  readonly regressions: readonly Regression[];
  /** Runs one case. Quickest in order; any index may come first. */
  run(index: number): Outcome | Promise<Outcome>;
  /** What shows only over many cases; called behind the last one. */
  finish(): Outcome;
  close(): void | Promise<void>;
}

export interface Regression {
  readonly name: string;
  /** What is wrong, if it is wrong again. */
  run(): string | undefined | Promise<string | undefined>;
}

/** Undefined where all is as it should be. */
export type Outcome = Finding | undefined;

export interface Finding {
  /** The case that shows it. */
  readonly index: number;
  /** What was put in, what came out and what should have. */
  readonly what: string;
  /** Who found it, if it was not the comparison with what should have come out. */
  readonly by?: 'verifier' | 'sanitizer';
}

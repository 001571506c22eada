import type { ErrorCode } from '../errors.js';
import { NvgateError } from '../errors.js';

/**
 * Something that validation has to say about one object of a policy. `subject` is the model
 * object itself (or the change), so that whoever has the document can say where it stands.
 */
export interface Finding {
  readonly subject: object;
  /** Field of the subject, as the document names it; absent for the object as a whole. */
  readonly field?: string;
  readonly code: ErrorCode;
  /** One sentence: what is wrong and what to do. */
  readonly message: string;
}

/** A push was refused by validation; nothing of it was applied. */
export class PolicyRefusedError extends NvgateError {
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super('policyRefused', `The policy has ${findings.length} error(s); nothing was applied.`);
    this.name = 'PolicyRefusedError';
    this.findings = findings;
  }
}

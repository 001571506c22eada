import type { ErrorCode } from '../../errors.js';
import type { Finding } from '../finding.js';

/** Everything that validation found, all at once. Only errors refuse a push. */
export interface Validation {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** Takes down what the rules find. */
export interface Report {
  error(finding: Finding): void;
  warn(finding: Finding): void;
}

export function createReport(): Report & Validation {
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  return {
    errors,
    warnings,
    error: (finding) => errors.push(finding),
    warn: (finding) => warnings.push(finding),
  };
}

/**
 * A finding about one object. `field` is the way from the object to what is wrong with it, as the
 * document has it: `gateway/address`, `rules/0/externalPort`; empty for the object as a whole.
 */
export function finding(subject: object, field: string, code: ErrorCode, message: string): Finding {
  return field === '' ? { subject, code, message } : { subject, field, code, message };
}

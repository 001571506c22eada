import type { ErrorCode, Problem } from '../../src/errors.js';
import type { PolicyEnvironment } from '../../src/policy/environment.js';
import type { Finding } from '../../src/policy/finding.js';
import { validatePolicy } from '../../src/policy/validate/index.js';
import type { TranslatedPolicy } from './policy.js';

/** All that there is to say about a policy document. */
export interface Judgement {
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * Findings that blame an object for the want of another. Where part of the document could not be
 * read, that other object may be among what is missing, so they are kept back.
 */
const WANTS_ANOTHER: ReadonlySet<ErrorCode> = new Set([
  'notFound',
  'unknownVirtualSubnet',
  'outsideVirtualSubnet',
  'unknownProviderAddress',
  'unreachableNextHop',
]);

/** Everything wrong with a document at once: its fields, and how its objects get on together. */
export function judgePolicy(
  { policy, problems, locate }: TranslatedPolicy,
  environment: PolicyEnvironment,
): Judgement {
  const found = validatePolicy(policy, environment);
  const errors =
    problems.length === 0
      ? found.errors
      : found.errors.filter(({ code }) => !WANTS_ANOTHER.has(code));
  const place = (findings: readonly Finding[]): Problem[] =>
    findings.map((finding) => placeFinding(finding, locate(finding.subject) ?? ''));
  return { errors: [...problems, ...place(errors)], warnings: place(found.warnings) };
}

/** @param subjectPath where the finding's subject stands */
export function placeFinding({ field, code, message }: Finding, subjectPath: string): Problem {
  return { path: field === undefined ? subjectPath : `${subjectPath}/${field}`, code, message };
}

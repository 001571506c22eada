import { expect } from 'vitest';
import type { ErrorCode } from '../../src/errors.js';
import type { Policy } from '../../src/model/policy.js';
import type { PolicyEnvironment } from '../../src/policy/environment.js';
import type { Finding } from '../../src/policy/finding.js';
import { validatePolicy } from '../../src/policy/validate/index.js';
import { ENVIRONMENT } from './policy-builder.js';

/** What a rule is expected to find: the very object, the field (empty for none) and the code. */
export type ExpectedFinding = readonly [subject: object, field: string, code: ErrorCode];

/** The policy has exactly these errors, each with a sentence that says what to do. */
export function expectErrors(
  policy: Policy,
  expected: readonly ExpectedFinding[],
  environment: PolicyEnvironment = ENVIRONMENT,
): void {
  expectFindings(validatePolicy(policy, environment).errors, expected);
}

export function expectWarnings(policy: Policy, expected: readonly ExpectedFinding[]): void {
  const { errors, warnings } = validatePolicy(policy, ENVIRONMENT);
  expectFindings(errors, []);
  expectFindings(warnings, expected);
}

export function expectFindings(
  findings: readonly Finding[],
  expected: readonly ExpectedFinding[],
): void {
  expect(findings.map(({ field, code }) => [field ?? '', code])).toEqual(
    expected.map(([, field, code]) => [field, code]),
  );
  for (const [at, finding] of findings.entries()) {
    expect(finding.subject).toBe(expected[at]?.[0]);
    expect(finding.message).toMatch(/^[A-Z].*[;,] .*\.$/);
  }
}

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
 * Findings that blame an object for the want of another, and the lists where that other would be.
 * Where part of such a list could not be read, the one missed may be there: nothing is said then.
 */
const WANTED_IN: Partial<Record<ErrorCode, readonly string[]>> = {
  unknownProviderAddress: ['providerAddresses'],
  unknownVirtualSubnet: ['virtualSubnets'],
  outsideVirtualSubnet: ['virtualSubnets'],
  unreachableNextHop: ['providerAddresses', 'virtualSubnets', 'lookupRecords'],
};

/** Everything wrong with a document at once: its fields, and how its objects get on together. */
export function judgePolicy(
  { policy, problems, locate }: TranslatedPolicy,
  environment: PolicyEnvironment,
): Judgement {
  const found = validatePolicy(policy, environment);
  const unread = listsOf(problems);
  const place = (findings: readonly Finding[]): Problem[] =>
    findings.map((finding) => placeFinding(finding, locate(finding.subject) ?? ''));
  const errors = place(found.errors).filter((error) => !mayFollow(error, unread));
  return { errors: [...problems, ...errors], warnings: place(found.warnings) };
}

/** JSON pointers of the lists that problems are in: the gateway's, or those of a routing domain. */
function listsOf(problems: readonly Problem[]): ReadonlySet<string> {
  const lists = new Set<string>();
  for (const { path } of problems) {
    const [list] = /^(?:\/routingDomains\/\d+)?\/[A-Za-z]+/.exec(path) ?? [];
    if (list !== undefined) lists.add(list);
  }
  return lists;
}

function mayFollow({ code, path }: Problem, unread: ReadonlySet<string>): boolean {
  const [domain = ''] = /^\/routingDomains\/\d+/.exec(path) ?? [];
  return (WANTED_IN[code] ?? []).some(
    (list) => unread.has(`/${list}`) || unread.has(`${domain}/${list}`),
  );
}

/** @param subjectPath where the finding's subject stands */
export function placeFinding({ field, code, message }: Finding, subjectPath: string): Problem {
  return { path: field === undefined ? subjectPath : `${subjectPath}/${field}`, code, message };
}

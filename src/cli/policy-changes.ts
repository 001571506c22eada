import type { ChangeDocument } from '../../provider/change-schemas.js';
import type { PolicyDocument } from '../../provider/schemas.js';
import type { Problem } from '../errors.js';

/** An upsert, and where in the policy file its value stands. */
export interface PlacedChange {
  readonly change: ChangeDocument;
  /** JSON pointer */
  readonly path: string;
}

/**
 * A policy file as changes that make or replace each object in it, and leave alone what it does
 * not name. A routing domain goes without its lists, which would replace all that it holds.
 */
export function* changesOf(document: PolicyDocument): Generator<PlacedChange, void, undefined> {
  for (const [index, value] of (document.providerAddresses ?? []).entries())
    yield {
      path: `/providerAddresses/${index}`,
      change: { op: 'upsert', kind: 'providerAddress', value },
    };
  for (const [index, value] of (document.providerRoutes ?? []).entries())
    yield {
      path: `/providerRoutes/${index}`,
      change: { op: 'upsert', kind: 'providerRoute', value },
    };
  for (const [index, domain] of (document.routingDomains ?? []).entries()) {
    const { virtualSubnets, lookupRecords, customerRoutes, connections, ...head } = domain;
    const path = `/routingDomains/${index}`;
    const of = { op: 'upsert', routingDomainId: domain.id } as const;
    yield { path, change: { op: 'upsert', kind: 'routingDomain', value: head } };
    for (const [at, value] of (virtualSubnets ?? []).entries())
      yield {
        path: `${path}/virtualSubnets/${at}`,
        change: { ...of, kind: 'virtualSubnet', value },
      };
    for (const [at, value] of (lookupRecords ?? []).entries())
      yield { path: `${path}/lookupRecords/${at}`, change: { ...of, kind: 'lookupRecord', value } };
    for (const [at, value] of (customerRoutes ?? []).entries())
      yield {
        path: `${path}/customerRoutes/${at}`,
        change: { ...of, kind: 'customerRoute', value },
      };
    for (const [at, value] of (connections ?? []).entries())
      yield { path: `${path}/connections/${at}`, change: { ...of, kind: 'connection', value } };
  }
}

/** Problems of a PATCH (`/changes/17/value/vsid`) as problems of the file that it was made of. */
export function problemsInFile(
  problems: readonly Problem[],
  changes: readonly PlacedChange[],
): Problem[] {
  return problems.map((problem) => {
    const match = /^\/changes\/(\d+)(?:\/value)?(\/.*)?$/.exec(problem.path);
    const change = changes[Number(match?.[1])];
    return change === undefined
      ? problem
      : { ...problem, path: `${change.path}${match?.[2] ?? ''}` };
  });
}

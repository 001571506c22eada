import type { Connection } from '../../model/connection.js';
import type { LookupRecord, LookupRecordKey } from '../../model/lookup-record.js';
import type { Policy } from '../../model/policy.js';
import type { PolicyEnvironment } from '../environment.js';
import { indexPolicy } from '../policy-index.js';
import { atOnce, createPace, type Pace, type Steps } from '../steps.js';
import { everythingTouched, type Touched } from '../touched.js';
import { checkConnections } from './connections.js';
import { checkCustomerRoutes, checkRoutesVia } from './customer-routes.js';
import { viewDomain, type DomainView, type PolicyView } from './domain-view.js';
import { checkDuplicateAddresses } from './duplicate-addresses.js';
import { checkExportedPrefixes } from './exported-prefixes.js';
import { checkExternalAddresses } from './external-addresses.js';
import { checkLimits } from './limits.js';
import { checkLookupRecord } from './lookup-records.js';
import { checkProviderAddresses } from './provider-addresses.js';
import { checkProviderRoutes } from './provider-routes.js';
import { createReport, type Report, type Validation } from './report.js';
import { checkRewriteAddress } from './rewrite-addresses.js';
import { checkGatewayAddresses, checkOwnProviderAddress } from './routing-domain.js';
import { checkVirtualSubnets } from './virtual-subnets.js';
import { checkVsidOwners } from './vsid-owners.js';

/**
 * Judges a whole policy and says everything that is wrong with it at once.
 * @param connections those that are new or changed; all of them if absent. See `validateTouched`
 */
export function validatePolicy(
  policy: Policy,
  environment: PolicyEnvironment,
  connections?: ReadonlySet<Connection>,
): Validation {
  return atOnce(policyValidation(policy, environment, connections));
}

/** As `validatePolicy`. */
export function* policyValidation(
  policy: Policy,
  environment: PolicyEnvironment,
  connections?: ReadonlySet<Connection>,
): Steps<Validation> {
  const view = { policy, index: indexPolicy(policy), environment };
  const everything = everythingTouched(policy);
  return yield* touchedValidation(
    view,
    connections === undefined ? everything : { ...everything, connections },
  );
}

/**
 * Judges what some changes have touched, and how it gets on with the rest, in a policy that was
 * valid before them. Costs what was touched, not what there is. A remote connection that has not
 * changed is judged against what is around it, not again by itself: its certificate may have
 * expired since, which must not keep others from pushing.
 */
export function validateTouched(view: PolicyView, changed: Touched): Validation {
  return atOnce(touchedValidation(view, changed));
}

/** As `validateTouched`. */
export function* touchedValidation(view: PolicyView, changed: Touched): Steps<Validation> {
  const { policy } = view;
  const isTime = createPace();
  const touched = changed.providerAddresses
    ? { ...everythingTouched(policy), connections: changed.connections }
    : changed;
  const report = createReport();

  checkLimits(view, report);
  if (touched.providerAddresses || touched.providerRoutes) {
    checkProviderAddresses(view, report);
    checkProviderRoutes(view, report);
  }
  for (const [id, touch] of touched.domains) {
    const domain = policy.routingDomains.get(id);
    if (domain === undefined) continue;
    const domainView = viewDomain(view, domain);
    if (touch === 'whole') {
      checkVsidOwners(view, domain, touched, report);
      yield* checkDomain(domainView, touched, report, isTime);
    } else yield* checkRecords(domainView, touch, report, isTime);
  }
  checkExternalAddresses(view, touched, report);
  checkExportedPrefixes(view, touched, report);
  return report;
}

function* checkDomain(view: DomainView, touched: Touched, report: Report, isTime: Pace): Steps {
  checkOwnProviderAddress(view, report);
  checkGatewayAddresses(view, report);
  checkVirtualSubnets(view, report);
  const { lookupRecords } = view.domain;
  for (const record of lookupRecords.values()) {
    checkRecord(view, record, report);
    if (isTime()) yield;
  }
  checkDuplicateAddresses(view, lookupRecords.values(), report);
  checkCustomerRoutes(view, report);
  checkConnections(view, touched, report);
}

function checkRecord(view: DomainView, record: LookupRecord, report: Report): void {
  checkLookupRecord(view, record, report);
  checkRewriteAddress(view, record, report);
}

/** When only these records of a domain have come, changed or gone. */
function* checkRecords(
  view: DomainView,
  keys: ReadonlySet<LookupRecordKey>,
  report: Report,
  isTime: Pace,
): Steps {
  checkOwnProviderAddress(view, report);
  const gone = new Set<LookupRecordKey>();
  const records = [];
  for (const key of keys) {
    const record = view.domain.lookupRecords.get(key);
    if (record === undefined) gone.add(key);
    else records.push(record);
  }
  for (const record of records) {
    checkRecord(view, record, report);
    if (isTime()) yield;
  }
  checkDuplicateAddresses(view, records, report);
  if (gone.size > 0) checkRoutesVia(view, gone, report);
}

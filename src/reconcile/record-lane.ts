import type { Environment } from '../dataplane/compile/environment.js';
import type { RecordPlan } from '../dataplane/compile/lookup-records.js';
import type { ProviderAddress } from '../model/addresses.js';
import type { LookupRecord, LookupRecordKey } from '../model/lookup-record.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { PushScope, RecordScope } from '../policy/service.js';
import type { TouchedRecords } from '../policy/touched.js';
import { bringRecords, type RecordRunContext, type RecordRunResult } from './record-run.js';
import type { Turns } from './turns.js';

export interface RecordLaneOptions extends Omit<RecordRunContext, 'plans'> {
  readonly environment: () => Promise<Environment>;
  /** Nobody else compiles or applies in such a turn. */
  readonly turns: Turns;
  /** After each run, with the newest revision whose records it has brought. */
  readonly onDone: (revision: number, result: RecordRunResult) => void;
}

/**
 * The short way of changed lookup records to the packet path, beside the comparisons of whole
 * routing domains: a change of one among a million is there at once, also while those go on.
 */
export interface RecordLane {
  /** Pushed records; they are brought soon, together with those that come until then. */
  add(domains: RecordScope['domains'], index: RecordScope['index'], revision: number): void;
  /** To be told of every push, before `add`: plans hold until something else than records changes. */
  pushed(scope: PushScope): void;
  /** What is known of the ways to the hosts has changed. */
  environmentChanged(): void;
  has(domain: RoutingDomainId): boolean;
  /** The first revision of those whose records have not all been brought; undefined when there is none. */
  readonly open: number | undefined;
  /** Resolves when all that has been added by now has been brought. */
  settled(): Promise<void>;
}

interface Load {
  readonly domains: Map<RoutingDomainId, OpenRecords>;
  readonly index: RecordScope['index'];
  readonly first: number;
  revision: number;
}

interface OpenRecords extends TouchedRecords {
  readonly records: Map<LookupRecordKey, LookupRecord>;
  readonly providerAddresses: Set<ProviderAddress>;
}

export function createRecordLane(options: RecordLaneOptions): RecordLane {
  const { turns, onDone } = options;
  const plans = new Map<RoutingDomainId, RecordPlan>();
  let environment: Promise<Environment> | undefined;
  let waiting: Load | undefined;
  let underWay: Load | undefined;
  let last = Promise.resolve();

  /** Never rejects. */
  async function run(): Promise<void> {
    if (waiting === undefined) return;
    underWay = waiting;
    waiting = undefined;
    const { revision } = underWay;
    const result = await bring(underWay);
    underWay = undefined;
    onDone(revision, result);
  }

  async function bring(load: Load): Promise<RecordRunResult> {
    try {
      environment ??= options.environment();
      return await bringRecords({ ...options, plans }, load, await environment);
    } catch {
      // Whoever compares the whole domains meets what is wrong again, and reports it.
      environment = undefined;
      return { operations: 0, left: new Set(load.domains.keys()) };
    }
  }

  return {
    add(domains, index, revision) {
      if (waiting === undefined) {
        waiting = { domains: new Map(), index, first: revision, revision };
        last = turns(run);
      }
      waiting.revision = revision;
      for (const [id, touched] of domains) addTo(waiting.domains, id, touched);
    },
    pushed({ gateway, domains, records }) {
      if (gateway) plans.clear();
      else for (const id of domains) if (records?.domains.has(id) !== true) plans.delete(id);
    },
    environmentChanged() {
      environment = undefined;
    },
    has: (domain) => [waiting, underWay].some((load) => load?.domains.has(domain) === true),
    get open() {
      return (underWay ?? waiting)?.first;
    },
    settled: () => last,
  };
}

function addTo(
  domains: Map<RoutingDomainId, OpenRecords>,
  id: RoutingDomainId,
  { records, providerAddresses }: TouchedRecords,
): void {
  const open = domains.get(id);
  if (open === undefined) {
    domains.set(id, {
      records: new Map(records),
      providerAddresses: new Set(providerAddresses),
    });
    return;
  }
  for (const [key, record] of records) open.records.set(key, record);
  for (const address of providerAddresses) open.providerAddresses.add(address);
}

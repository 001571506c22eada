import type { ProviderAddress } from '../model/addresses.js';
import type { Connection } from '../model/connection.js';
import type { LookupRecord, LookupRecordKey } from '../model/lookup-record.js';
import type { Policy } from '../model/policy.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { PolicyIndex } from './policy-index.js';
import type { PushScope } from './service.js';

/** What some changes have touched, as fine as validation can make use of. */
export interface Touched {
  readonly providerAddresses: boolean;
  readonly providerRoutes: boolean;
  readonly domains: ReadonlyMap<RoutingDomainId, DomainTouch>;
  /** Connections that are new or say something else than before. */
  readonly connections: ReadonlySet<Connection>;
  /** The domains of `domains` in which nothing but these records looks different now. */
  readonly records: ReadonlyMap<RoutingDomainId, TouchedRecords>;
}

/**
 * Lookup records of one routing domain that have come, changed or gone, all of them such that the
 * packet path alone knows of them: no address of the gateway, no wildcard, no router.
 */
export interface TouchedRecords {
  /** Each as it was pushed last; one that has gone, as it was. */
  readonly records: ReadonlyMap<LookupRecordKey, LookupRecord>;
  /** The hosts that they name now or have named. */
  readonly providerAddresses: ReadonlySet<ProviderAddress>;
}

/**
 * `whole`, or only these lookup records and nothing that hangs on them but next hops. Records that
 * set a gateway address are never alone: others hang on them.
 */
export type DomainTouch = 'whole' | ReadonlySet<LookupRecordKey>;

export function everythingTouched(policy: Policy): Touched {
  return {
    providerAddresses: true,
    providerRoutes: true,
    domains: new Map([...policy.routingDomains.keys()].map((id) => [id, 'whole'])),
    connections: new Set(
      [...policy.routingDomains.values()].flatMap(({ connections }) => [...connections.values()]),
    ),
    records: new Map(),
  };
}

/**
 * The parts of the gateway that may look different now. Provider addresses and routes reach into
 * every routing domain; subnets and connections reach out to the external side, which is the gateway's:
 * there NAT and tunnels share addresses.
 */
export function pushScope(
  touched: Touched,
  policy: Policy,
  index: Pick<PolicyIndex, 'domains'>,
): PushScope {
  const domains = new Set(touched.domains.keys());
  if (touched.providerAddresses || touched.providerRoutes)
    for (const id of policy.routingDomains.keys()) domains.add(id);
  if (touched.providerAddresses || touched.providerRoutes) return { gateway: true, domains };
  const gateway = [...touched.domains.values()].some((touch) => touch === 'whole');
  const { records } = touched;
  return { gateway, domains, ...(records.size > 0 && { records: { domains: records, index } }) };
}

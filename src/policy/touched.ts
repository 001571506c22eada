import type { Connection } from '../model/connection.js';
import type { LookupRecordKey } from '../model/lookup-record.js';
import type { Policy } from '../model/policy.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { PushScope } from './service.js';

/** What some changes have touched, as fine as validation can make use of. */
export interface Touched {
  readonly providerAddresses: boolean;
  readonly providerRoutes: boolean;
  readonly domains: ReadonlyMap<RoutingDomainId, DomainTouch>;
  /** Connections that are new or say something else than before. */
  readonly connections: ReadonlySet<Connection>;
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
  };
}

/**
 * The parts of the gateway that may look different now. Provider addresses and routes reach into
 * every routing domain; subnets and connections reach out to the external side, which is the gateway's:
 * there NAT and tunnels share addresses.
 */
export function pushScope(touched: Touched, policy: Policy): PushScope {
  const domains = new Set(touched.domains.keys());
  if (touched.providerAddresses || touched.providerRoutes)
    for (const id of policy.routingDomains.keys()) domains.add(id);
  const gateway =
    touched.providerAddresses ||
    touched.providerRoutes ||
    [...touched.domains.values()].some((touch) => touch === 'whole');
  return { gateway, domains };
}

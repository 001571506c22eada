import { compile } from '../dataplane/compile/compile.js';
import type { Environment } from '../dataplane/compile/environment.js';
import type { KernelObject } from '../dataplane/kernel-object.js';
import { forwardingTables, type ForwardingEntries } from '../forwarding/tables.js';
import type { TraceQuery, TraceResult } from '../forwarding/trace-result.js';
import { trace } from '../forwarding/trace.js';
import type { Policy } from '../model/policy.js';

/** Explains a packet by the tables of its routing domain, compiled as for the kernel. */
export function traceByPolicy(
  query: TraceQuery,
  policy: Policy,
  environment: Environment,
): TraceResult {
  const domains = new Set(
    [...policy.routingDomains.values()]
      .filter((domain) => domain.virtualSubnets.has(query.vsid))
      .map((domain) => domain.head.id),
  );
  const objects = compile(policy, environment, { gateway: true, domains });
  const { tunnels, pathMtus } = environment;
  return trace(query, forwardingTables(entriesOf(objects)), policy, tunnels, pathMtus);
}

function entriesOf(objects: readonly KernelObject[]): ForwardingEntries {
  return {
    providerAddresses: objects.flatMap((o) => (o.kind === 'providerAddress' ? [o.entry] : [])),
    virtualSubnets: objects.flatMap((o) => (o.kind === 'virtualSubnet' ? [o.entry] : [])),
    lookupRecords: objects.flatMap((o) => (o.kind === 'lookupRecord' ? [o.entry] : [])),
    customerRoutes: objects.flatMap((o) => (o.kind === 'customerRoute' ? [o.entry] : [])),
    rewrites: objects.flatMap((o) => (o.kind === 'rewrite' ? [o.entry] : [])),
    providerGroups: objects.flatMap((o) => (o.kind === 'providerGroup' ? [o.entry] : [])),
    multicastRoutes: objects.flatMap((o) => (o.kind === 'multicastRoute' ? [o.entry] : [])),
    replications: objects.flatMap((o) => (o.kind === 'replication' ? [o.entry] : [])),
    externalEnds: objects.flatMap((o) => (o.kind === 'externalEnd' ? [o.entry] : [])),
    providerPeers: objects.flatMap((o) => (o.kind === 'providerPeer' ? [o.entry] : [])),
  };
}

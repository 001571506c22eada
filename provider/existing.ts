import { policyRef, type PolicyRef } from '../src/model/policy-ref.js';
import type { Policy } from '../src/model/policy.js';

/** The names of those subjects of findings that are objects of a policy. */
export function findExisting(
  policy: Policy,
  subjects: ReadonlySet<object>,
): ReadonlyMap<object, PolicyRef> {
  const found = new Map<object, PolicyRef>();
  if (subjects.size === 0) return found;
  const look = <T extends object>(objects: Iterable<T>, ref: (object: T) => PolicyRef): void => {
    for (const object of objects) if (subjects.has(object)) found.set(object, ref(object));
  };
  look(policy.providerAddresses.values(), policyRef.providerAddress);
  look(policy.providerRoutes.values(), policyRef.providerRoute);
  for (const domain of policy.routingDomains.values()) {
    const { id } = domain.head;
    look([domain, domain.head], () => policyRef.routingDomain(id));
    look(domain.virtualSubnets.values(), ({ vsid }) => policyRef.virtualSubnet(id, vsid));
    look(domain.lookupRecords.values(), (record) => policyRef.lookupRecord(id, record));
    look(domain.customerRoutes.values(), (route) => policyRef.customerRoute(id, route));
    look(domain.connections.values(), (connection) => policyRef.connection(id, connection.id));
  }
  return found;
}

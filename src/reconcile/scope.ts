import type { Place } from '../dataplane/kernel-object.js';
import type { Scope } from '../dataplane/port.js';
import type { PolicyRef } from '../model/policy-ref.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';

export const NOTHING: Scope = { gateway: false, domains: new Set() };

export function mergeScopes(a: Scope, b: Scope): Scope {
  if (a === 'all' || b === 'all') return 'all';
  return { gateway: a.gateway || b.gateway, domains: new Set([...a.domains, ...b.domains]) };
}

/** The parts of `a` that `b` does not have. All of everything stays everything. */
export function withoutScope(a: Scope, b: Scope): Scope {
  if (a === 'all') return a;
  return {
    gateway: a.gateway && !scopeHas(b, 'gateway'),
    domains: new Set([...a.domains].filter((domain) => !scopeHas(b, domain))),
  };
}

export function scopeHas(scope: Scope, part: Place): boolean {
  if (scope === 'all') return true;
  return part === 'gateway' ? scope.gateway : scope.domains.has(part);
}

export function isEmptyScope(scope: Scope): boolean {
  return scope !== 'all' && !scope.gateway && scope.domains.size === 0;
}

export function scopeOf(parts: Iterable<Place>): Scope {
  const domains = new Set<RoutingDomainId>();
  let gateway = false;
  for (const part of parts)
    if (part === 'gateway') gateway = true;
    else domains.add(part);
  return { gateway, domains };
}

/** The part that an object of the policy belongs to. */
export function partOfRef(ref: PolicyRef): Place {
  const [collection, id] = ref.split('/', 2);
  return collection === 'routing-domains' && id !== undefined ? (id as RoutingDomainId) : 'gateway';
}

import type { Policy } from '../../model/policy.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { KernelObject } from '../kernel-object.js';
import { domainExternal } from './domain-external.js';
import { domainView } from './domain-view.js';
import type { Environment } from './environment.js';
import type { ExternalPlan } from './external-plan.js';
import { domainNetwork } from './network.js';
import { pathMtuRoutes } from './path-mtu-routes.js';
import { domainTables } from './tables.js';
import { virtualRoutes } from './virtual-routes.js';

/**
 * Everything that belongs to a routing domain (`partOf`), in its namespace and in the gateway's;
 * nothing where the policy has no such domain.
 */
export function* compileDomain(
  policy: Policy,
  environment: Environment,
  plan: ExternalPlan,
  id: RoutingDomainId,
): Generator<KernelObject> {
  const domain = policy.routingDomains.get(id);
  if (domain === undefined) return;
  const view = domainView(policy, domain);
  const routes = virtualRoutes(view);
  yield* domainNetwork(environment, view, routes);
  yield* pathMtuRoutes(environment, view, routes);
  yield* domainExternal(environment, plan, view, routes);
  yield* domainTables(environment, policy, view, routes);
}

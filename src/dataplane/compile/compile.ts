import type { Policy } from '../../model/policy.js';
import type { KernelObject } from '../kernel-object.js';
import type { Scope } from '../port.js';
import { compileDomain } from './domain.js';
import type { Environment } from './environment.js';
import { externalPlan } from './external-plan.js';
import { compileGateway } from './gateway.js';

/**
 * The desired state: everything that the kernel is to hold for this policy, each object with the
 * policy object that wants it. Pure: the same policy and environment give the same objects.
 * @param scope the parts to compile; what belongs to which part is said by `partOf`
 */
export function compile(policy: Policy, environment: Environment, scope: Scope): KernelObject[] {
  const plan = externalPlan(policy);
  const objects: KernelObject[] = [];
  if (scope === 'all' || scope.gateway)
    for (const object of compileGateway(policy, environment, plan)) objects.push(object);
  const domains = scope === 'all' ? policy.routingDomains.keys() : scope.domains;
  for (const id of domains)
    for (const object of compileDomain(policy, environment, plan, id)) objects.push(object);
  return objects;
}

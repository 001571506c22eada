import { translatePolicy } from '../../provider/translate/policy.js';
import type { PolicyDocument } from '../../provider/schemas.js';
import type { Environment } from '../../src/dataplane/compile/environment.js';
import type { Policy } from '../../src/model/policy.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';

/** The policy that a document says; the document must be right. */
export function policyOf(document: Omit<PolicyDocument, 'apiVersion'>): Policy {
  const { policy, problems } = translatePolicy(
    { apiVersion: 'nvgate/v1', ...document },
    { underlay: ['underlay'], external: ['external'] },
  );
  if (problems.length > 0) throw new Error(JSON.stringify(problems, undefined, 2));
  return policy;
}

export const BLUE = RoutingDomainId('11111111-2222-3333-4444-000000005001');
export const RED = RoutingDomainId('11111111-2222-3333-4444-000000006001');
export const GREEN = RoutingDomainId('11111111-2222-3333-4444-000000007001');

/** One underlay and one external device, as in the standard scene. */
export const ENVIRONMENT: Environment = {
  underlay: [{ name: 'underlay', device: 'underlay', mtu: 1500, present: true }],
  external: [{ name: 'external', device: 'external', mtu: 1500, present: true }],
  firewallTable: 'nvgate',
  externalGroup: 76,
  tunnels: new Map(),
  multicastPacketsPerSecond: 1000,
  pathMtus: new Map(),
  shortWay: true,
};

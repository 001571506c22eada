import { readFileSync } from 'node:fs';
import type { Policy } from '../../../../src/model/policy.js';
import { parseIpv4 } from '../../../../src/net/ip.js';
import type { Finding } from '../../../../src/policy/finding.js';
import { validatePolicy } from '../../../../src/policy/validate/index.js';
import { PERMISSIVE_VPN } from '../../../support/vpn-support.js';

/** The gateway's provider address in the fixtures. */
export const GATEWAY = parseIpv4('172.20.5.40');

export function readFixture(name: string): string {
  return readFileSync(new URL(`../../../fixtures/powershell/${name}`, import.meta.url), 'utf8');
}

/** What a gateway with one underlay device refuses about a policy. */
export function errorsOf(policy: Policy): readonly Finding[] {
  const plenty = 1_000_000;
  return validatePolicy(policy, {
    underlay: ['underlay'],
    external: ['external'],
    limits: {
      virtualSubnets: plenty,
      lookupRecords: plenty,
      customerRoutes: plenty,
      providerPeers: plenty,
    },
    vpn: PERMISSIVE_VPN,
  }).errors;
}

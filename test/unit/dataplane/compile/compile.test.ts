import { describe, expect, it } from 'vitest';
import { compile } from '../../../../src/dataplane/compile/compile.js';
import { objectKey, partOf } from '../../../../src/dataplane/kernel-object.js';
import type { PolicyDocument } from '../../../../provider/schemas.js';
import { kernelState } from '../../../support/kernel-state.js';
import { BLUE, ENVIRONMENT, GREEN, policyOf, RED } from '../../../support/policy-of.js';

const DOCUMENT: Omit<PolicyDocument, 'apiVersion'> = {
  providerAddresses: [{ address: '10.1.1.40', prefixLength: 24, interface: 'underlay' }],
  providerRoutes: [{ destinationPrefix: '0.0.0.0/0', nextHop: '10.1.1.1' }],
  routingDomains: [
    { id: BLUE, connections: [{ id: 'i', type: 'nat', externalAddress: '203.0.113.10' }] },
    { id: RED, connections: [{ id: 'i', type: 'nat', externalAddress: '203.0.113.10' }] },
    { id: GREEN, connections: [{ id: 'i', type: 'nat', externalAddress: '203.0.113.11' }] },
  ].map((domain, index) => ({
    ...domain,
    connections: domain.connections.map((connection) => ({ ...connection, type: 'nat' as const })),
    virtualSubnets: [{ vsid: 5001 + index, prefixes: ['192.168.1.0/24'] }],
    lookupRecords: [20, 21].map((host) => ({
      ...{ vsid: 5001 + index, customerAddress: `192.168.1.${host}`, providerAddress: '10.1.1.20' },
      macAddress: '00-15-5D-00-00-01',
    })),
  })),
};
const POLICY = policyOf(DOCUMENT);

describe('compile', () => {
  it('makes each object once', () => {
    const keys = compile(POLICY, ENVIRONMENT, 'all').map(objectKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('makes exactly what belongs to the scope', () => {
    const all = compile(POLICY, ENVIRONMENT, 'all');
    for (const part of ['gateway', BLUE, RED, GREEN] as const) {
      const scope =
        part === 'gateway'
          ? { gateway: true, domains: new Set<never>() }
          : { gateway: false, domains: new Set([part]) };
      expect(kernelState(compile(POLICY, ENVIRONMENT, scope))).toEqual(
        kernelState(all.filter((object) => partOf(object) === part)),
      );
    }
  });

  it('makes nothing of a routing domain that is not in the policy', () => {
    const scope = { gateway: false, domains: new Set([BLUE]) };
    expect(compile(policyOf({}), ENVIRONMENT, scope)).toEqual([]);
  });

  it('says of each object of a routing domain who wants it', () => {
    const owners = compile(POLICY, ENVIRONMENT, 'all')
      .filter((object) => partOf(object) === BLUE)
      .map((object) => `${object.kind}: ${object.owner ?? 'nobody'}`.replaceAll(BLUE, 'blue'));
    expect([...new Set(owners)].sort()).toEqual([
      'address: routing-domains/blue',
      'address: routing-domains/blue/connections/i',
      'address: routing-domains/blue/virtual-subnets/5001',
      'customerRoute: routing-domains/blue/virtual-subnets/5001',
      'externalEnd: routing-domains/blue',
      'filter: routing-domains/blue',
      'firewall: routing-domains/blue/connections/i',
      'link: routing-domains/blue',
      'lookupRecord: routing-domains/blue/lookup-records/5001/192.168.1.20',
      'lookupRecord: routing-domains/blue/lookup-records/5001/192.168.1.21',
      'lookupRecord: routing-domains/blue/virtual-subnets/5001',
      'namespace: routing-domains/blue',
      'providerPeer: routing-domains/blue',
      'replication: routing-domains/blue/virtual-subnets/5001',
      'route: routing-domains/blue/connections/i',
      'route: routing-domains/blue/virtual-subnets/5001',
      'sysctl: routing-domains/blue',
      'virtualSubnet: routing-domains/blue/virtual-subnets/5001',
    ]);
  });
});

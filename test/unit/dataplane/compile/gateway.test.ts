import { describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../../../../provider/schemas.js';
import { compile } from '../../../../src/dataplane/compile/compile.js';
import { kernelState } from '../../../support/kernel-state.js';
import { ENVIRONMENT, policyOf } from '../../../support/policy-of.js';

function gateway(document: Omit<PolicyDocument, 'apiVersion'>): string[] {
  return kernelState(
    compile(policyOf(document), ENVIRONMENT, { gateway: true, domains: new Set() }),
  );
}

describe('the gateway’s underlay side', () => {
  it('has its provider addresses, one decap filter per device, and the provider routes', () => {
    expect(
      gateway({
        providerAddresses: [
          { address: '10.1.1.40', prefixLength: 24, interface: 'underlay' },
          { address: '10.1.1.41', prefixLength: 24, interface: 'underlay' },
        ],
        providerRoutes: [
          { destinationPrefix: '10.0.0.0/8', nextHop: '10.1.1.1', metric: 7 },
          { destinationPrefix: '10.0.0.0/8', nextHop: '10.1.1.2', metric: 7 },
          { destinationPrefix: '10.0.0.0/8', nextHop: '10.1.1.3', metric: 8 },
        ],
      }),
    ).toEqual([
      'address gateway underlay 10.1.1.40 /24',
      'address gateway underlay 10.1.1.41 /24',
      'filter underlay decap',
      'providerAddress 10.1.1.40',
      'providerAddress 10.1.1.41',
      'route gateway 10.0.0.0/8 8 via 10.1.1.1',
      'route gateway 10.0.0.0/8 9 via 10.1.1.3',
    ]);
  });

  it('is all there is while no routing domain has a connection', () => {
    expect(gateway({})).toEqual([]);
  });
});

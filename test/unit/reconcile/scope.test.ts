import { describe, expect, it } from 'vitest';
import type { ConnectionId } from '../../../src/model/connection.js';
import { policyRef } from '../../../src/model/policy-ref.js';
import { ProviderAddress } from '../../../src/model/addresses.js';
import { parseIpv4 } from '../../../src/net/ip.js';
import {
  isEmptyScope,
  mergeScopes,
  NOTHING,
  partOfRef,
  scopeHas,
  scopeOf,
} from '../../../src/reconcile/scope.js';
import { BLUE, RED } from '../../support/policy-of.js';

describe('scopes', () => {
  const blue = scopeOf([BLUE]);

  it('merge to what either has', () => {
    const both = mergeScopes(blue, scopeOf(['gateway']));
    expect([BLUE, RED, 'gateway' as const].map((part) => scopeHas(both, part))).toEqual([
      true,
      false,
      true,
    ]);
    expect(mergeScopes(blue, 'all')).toBe('all');
    expect(scopeHas('all', RED)).toBe(true);
  });

  it('are empty when nothing is in them', () => {
    expect([NOTHING, blue, 'all' as const].map(isEmptyScope)).toEqual([true, false, false]);
  });
});

describe('partOfRef', () => {
  it('is the routing domain of whatever lies below one, else the gateway', () => {
    expect(partOfRef(policyRef.routingDomain(BLUE))).toBe(BLUE);
    expect(partOfRef(policyRef.connection(BLUE, 'internet' as ConnectionId))).toBe(BLUE);
    const address = ProviderAddress(parseIpv4('10.1.1.40'));
    expect(partOfRef(policyRef.providerAddress({ address }))).toBe('gateway');
  });
});

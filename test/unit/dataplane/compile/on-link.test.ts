import { describe, expect, it } from 'vitest';
import { compile } from '../../../../src/dataplane/compile/compile.js';
import { BLUE, ENVIRONMENT, policyOf } from '../../../support/policy-of.js';

/** How long the prefix is whose provider addresses need no route. */
function onLinkLength(prefixLength: number, destinations: readonly string[]): number | undefined {
  const policy = policyOf({
    providerAddresses: [{ address: '10.1.1.40', prefixLength }],
    providerRoutes: destinations.map((destinationPrefix) => ({
      destinationPrefix,
      nextHop: '10.1.1.1',
    })),
    routingDomains: [{ id: BLUE, virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24'] }] }],
  });
  const [entry] = compile(policy, ENVIRONMENT, 'all').flatMap((object) =>
    object.kind === 'virtualSubnet' ? [object.entry] : [],
  );
  expect(entry?.vsid).toBe(5001);
  return entry?.onLinkLength;
}

describe('provider addresses that need no route', () => {
  it('are those of the gateway’s own prefix on the underlay', () => {
    expect(onLinkLength(24, [])).toBe(24);
    expect(onLinkLength(8, ['0.0.0.0/0', '192.0.2.0/24'])).toBe(8);
  });

  it('are none where a provider route leads to the prefix, or to a part of it', () => {
    expect(onLinkLength(24, ['10.1.1.128/25'])).toBeUndefined();
    expect(onLinkLength(24, ['10.1.1.20/32'])).toBeUndefined();
    expect(onLinkLength(24, ['10.1.1.0/24'])).toBeUndefined();
    expect(onLinkLength(24, ['10.1.0.0/16', '10.1.2.0/24'])).toBe(24);
  });

  it('are none where the address stands alone', () => {
    expect(onLinkLength(32, ['0.0.0.0/0'])).toBeUndefined();
  });
});

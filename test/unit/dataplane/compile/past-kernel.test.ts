import { describe, expect, it } from 'vitest';
import type { ConnectionDocument } from '../../../../provider/schemas.js';
import { compile } from '../../../../src/dataplane/compile/compile.js';
import type { Environment } from '../../../../src/dataplane/compile/environment.js';
import { linesOf } from '../../../support/kernel-state.js';
import { BLUE, ENVIRONMENT, policyOf } from '../../../support/policy-of.js';

/** What lets packets past a kernel, of a policy whose one VM network has these connections. */
function pastKernel(
  connections: readonly ConnectionDocument[],
  environment: Environment = ENVIRONMENT,
): string[] {
  const policy = policyOf({
    providerAddresses: [{ address: '10.1.1.40', prefixLength: 24, interface: 'underlay' }],
    routingDomains: [
      {
        id: BLUE,
        virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24'] }],
        connections: [...connections],
      },
    ],
  });
  return linesOf(compile(policy, environment, 'all'), 'externalEnd', 'filter');
}

const NAT: ConnectionDocument = {
  ...{ id: 'internet', type: 'nat', externalAddress: '203.0.113.10' },
};
const ROUTED: ConnectionDocument = {
  ...{ id: 'corp', type: 'routed', routes: [{ destinationPrefix: '172.16.0.0/16', metric: 10 }] },
};
const TUNNEL: ConnectionDocument = {
  ...{ id: 'office', type: 'ikev2', sourceAddress: '203.0.113.11' },
  destinationAddress: '198.51.100.2',
  authentication: { method: 'psk', secret: 'a secret of some length' },
  routes: [{ destinationPrefix: '192.168.101.0/24', metric: 10 }],
};

const ALWAYS = ['filter blue:vnet encap', 'filter underlay decap'];
const RELAYED = [
  ...['externalEnd blue external gateway', 'filter blue:ext outbound', 'filter blue:vnet encap'],
  ...['filter external inbound', 'filter underlay decap'],
];

describe('what goes past a kernel', () => {
  it.each([
    ['NAT: the gateway’s', [NAT], RELAYED],
    ['NAT beside routing: the gateway’s', [NAT, ROUTED], RELAYED],
    [
      'routing that keeps TCP segments short: the gateway’s',
      [{ ...ROUTED, tcpMssClamping: 1400 }],
      RELAYED,
    ],
    [
      'routing alone: both',
      [ROUTED],
      [
        'externalEnd blue external both',
        'filter blue:vnet encap',
        'filter external inbound',
        ALWAYS[1],
      ],
    ],
    ['NAT beside a tunnel: nothing', [NAT, TUNNEL], ALWAYS],
    ['a tunnel alone: nothing', [TUNNEL], ALWAYS],
    ['NAT by a device that is not there: nothing', [{ ...NAT, interface: 'absent' }], ALWAYS],
    ['two external devices: nothing', [NAT, { ...ROUTED, interface: 'absent' }], ALWAYS],
    ['no connection: nothing', [], ALWAYS],
  ] as const)('%s', (_, connections, wanted) => {
    expect(pastKernel(connections)).toEqual(wanted);
  });

  it('is nothing with shortWay: false', () => {
    expect(pastKernel([NAT], { ...ENVIRONMENT, shortWay: false })).toEqual(ALWAYS);
  });
});

import { expect, test } from 'vitest';
import { formatIp, parseIpv4 } from '../../../../src/net/ip.js';
import { formatPrefix } from '../../../../src/net/prefix.js';
import { importPowerShell } from '../../../../src/policy/import-powershell/index.js';
import { describeWith } from '../../../support/describe-with.js';
import { SLIDES_DIRECTORY, slidesExample } from '../../../support/slides.js';
import { errorsOf } from './fixture.js';

const missing = slidesExample(1) === undefined ? `no slides in ${SLIDES_DIRECTORY}` : undefined;

describeWith(missing, 'appendix B of the slides', () => {
  test.each([
    { example: 1 as const, records: 2, routes: ['192.168.1.0/24 0.0.0.0'] },
    ...([2, 3] as const).map((example) => ({
      example,
      records: 6,
      routes: ['192.168.1.0/24 0.0.0.0', '192.168.2.0/24 0.0.0.0', '0.0.0.0/0 192.168.2.250'],
    })),
  ])('example $example', ({ example, records, routes }) => {
    const whole = slidesExample(example) ?? '';
    const script = whole.slice(whole.search(/^.*・PowerShell/m));
    for (const text of [whole, script]) {
      const { policy, problems } = importPowerShell(text, {
        gatewayProviderAddress: parseIpv4('10.1.1.40'),
      });
      expect(problems).toEqual([]);
      expect(errorsOf(policy)).toEqual([]);
      expect([...policy.providerAddresses.values()]).toMatchObject([
        { address: parseIpv4('10.1.1.40'), prefixLength: 24, interface: 'underlay' },
      ]);
      expect([...policy.routingDomains.keys()]).toEqual(['11111111-2222-3333-4444-000000005001']);
      const [domain] = policy.routingDomains.values();
      expect(domain?.lookupRecords.size).toBe(records);
      expect(
        [...(domain?.customerRoutes.values() ?? [])].map(
          (route) => `${formatPrefix(route.destinationPrefix)} ${formatIp(route.nextHop)}`,
        ),
      ).toEqual(routes);
      const subnets = [...(domain?.virtualSubnets.values() ?? [])];
      expect(subnets.map(({ vsid, prefixes }) => [vsid, prefixes.map(formatPrefix)])).toEqual(
        example === 1
          ? [[5001, ['192.168.1.0/24']]]
          : [
              [5001, ['192.168.1.0/24']],
              [5002, ['192.168.2.0/24']],
            ],
      );
    }
  });
});

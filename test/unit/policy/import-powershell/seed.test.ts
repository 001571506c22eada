import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { formatIp, parseIpv4 } from '../../../../src/net/ip.js';
import { formatPrefix } from '../../../../src/net/prefix.js';
import { importPowerShell } from '../../../../src/policy/import-powershell/index.js';
import { errorsOf } from './fixture.js';

const SEEDS = fileURLToPath(new URL('../../../../../shared/seeds', import.meta.url));

/** The slides' text, if it is there: it is not part of the repository. */
function readSlides(): string[] | undefined {
  if (!existsSync(SEEDS)) return undefined;
  return readdirSync(SEEDS)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => readFileSync(`${SEEDS}/${name}`, 'utf8').split('\n'))
    .find((lines) => lines.some((line) => line.includes('実装例（3）')));
}

const slides = readSlides();
if (slides === undefined)
  console.warn(`Skipped the examples of appendix B: no slides with them in ${SEEDS}.`);

/** The lines from the first that has `start` to the one before the first behind it that has `end`. */
function cut(lines: readonly string[], start: string, end: string): string {
  const from = lines.findIndex((line) => line.includes(start));
  const to = lines.findIndex((line, index) => index > from && line.includes(end));
  return lines.slice(from, to === -1 ? lines.length : to).join('\n');
}

describe.skipIf(slides === undefined)('appendix B of the slides', () => {
  test.each([
    { example: 1, end: '実装例（2）', records: 2, routes: ['192.168.1.0/24 0.0.0.0'] },
    ...[
      { example: 2, end: '実装例（3）' },
      { example: 3, end: 'Appendix C' },
    ].map((part) => ({
      ...part,
      records: 6,
      routes: ['192.168.1.0/24 0.0.0.0', '192.168.2.0/24 0.0.0.0', '0.0.0.0/0 192.168.2.250'],
    })),
  ])('example $example', ({ example, end, records, routes }) => {
    const whole = cut(slides ?? [], `実装例（${example}）`, end);
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

import type { PolicyLimits } from '../environment.js';
import type { PolicyView } from './domain-view.js';
import { finding, type Report } from './report.js';

const NOUNS = [
  ['virtualSubnets', 'virtual subnets'],
  ['lookupRecords', 'lookup records'],
  ['customerRoutes', 'customer routes'],
  ['providerPeers', 'pairs of routing domain and provider address'],
] as const satisfies readonly (readonly [keyof PolicyLimits, string])[];

/** What the packet path has room for. */
export function checkLimits({ policy, index, environment }: PolicyView, report: Report): void {
  for (const [kind, noun] of NOUNS)
    if (index.counts[kind] > environment.limits[kind])
      report.error(
        finding(
          policy,
          '',
          'limitExceeded',
          `The policy has ${index.counts[kind]} ${noun}, the gateway has room for ${environment.limits[kind]}; push fewer or raise limits.${kind} in the configuration.`,
        ),
      );
}

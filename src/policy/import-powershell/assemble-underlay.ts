import { ProviderAddress } from '../../model/addresses.js';
import type { ProviderAddressRecord } from '../../model/provider-address.js';
import {
  providerRouteKey,
  type ProviderRoute,
  type ProviderRouteKey,
} from '../../model/provider-route.js';
import { formatIp, type Ipv4 } from '../../net/ip.js';
import { formatPrefix, maskAddress, Prefix, prefixContains } from '../../net/prefix.js';
import { mergeRepeats, type Read } from './merge-repeats.js';
import type { HostAddress } from './policy-call.js';
import type { Report } from './report.js';

/** The gateway's own side of the underlay. */
export interface Underlay {
  readonly providerAddresses: Map<ProviderAddress, ProviderAddressRecord>;
  readonly providerRoutes: Map<ProviderRouteKey, ProviderRoute>;
}

/**
 * Of the provider addresses and routes of all hosts, those that are the gateway's: its address, and
 * the routes whose next hop its prefix reaches.
 * @param gateway the gateway's own provider address, when it was named
 */
export function assembleUnderlay(
  hosts: readonly Read<HostAddress>[],
  routes: readonly Read<ProviderRoute>[],
  gateway: Ipv4 | undefined,
  interfaceName: string,
  report: Report,
): Underlay {
  const kept = mergeRepeats(
    hosts,
    ({ address }) => address,
    ({ address }) => `provider address ${formatIp(address)}`,
    report,
  );
  const own = gateway === undefined ? undefined : ownAddress(gateway, kept, hosts, report);
  if (gateway === undefined)
    report.note(
      hosts[0]?.line ?? 1,
      'No provider address is taken as the gateway’s own. Say which one is with --gateway-pa ADDRESS.',
    );
  for (const { line, value } of hosts)
    if (value.address !== gateway)
      report.note(line, `Skipped ${formatIp(value.address)}: provider address of another host.`);
  return {
    providerAddresses: new Map(
      own === undefined ? [] : [[own.address, { ...own, interface: interfaceName }]],
    ),
    providerRoutes: ownRoutes(routes, own, report),
  };
}

function ownAddress(
  gateway: Ipv4,
  kept: ReadonlyMap<ProviderAddress, Read<HostAddress>>,
  hosts: readonly Read<HostAddress>[],
  report: Report,
): HostAddress | undefined {
  const address = ProviderAddress(gateway);
  const named = kept.get(address);
  if (named !== undefined) return named.value;
  const lengths = new Set(hosts.map(({ value }) => value.prefixLength));
  const [prefixLength] = lengths;
  const line = hosts[0]?.line ?? 1;
  const text = formatIp(gateway);
  if (prefixLength === undefined || lengths.size > 1) {
    report.problem(
      line,
      'missingField',
      `The script does not say the prefix length of the gateway's provider address ${text}. Add New-NetVirtualizationProviderAddress -ProviderAddress ${text} -PrefixLength LENGTH.`,
    );
    return undefined;
  }
  report.note(
    line,
    `No command gives ${text} to a host; its prefix length ${prefixLength} is that of the other hosts.`,
  );
  return { address, prefixLength };
}

function ownRoutes(
  routes: readonly Read<ProviderRoute>[],
  own: HostAddress | undefined,
  report: Report,
): Map<ProviderRouteKey, ProviderRoute> {
  const reach = own && Prefix(maskAddress(own.address, own.prefixLength), own.prefixLength);
  const reachable = routes.filter(({ line, value }) => {
    if (reach !== undefined && prefixContains(reach, value.nextHop)) return true;
    report.note(
      line,
      `Skipped the provider route to ${formatPrefix(value.destinationPrefix)}: ${
        reach === undefined
          ? 'without a provider address of the gateway it leads nowhere.'
          : `its next hop ${formatIp(value.nextHop)} is outside ${formatPrefix(reach)}, so it is another host's.`
      }`,
    );
    return false;
  });
  const merged = mergeRepeats(
    reachable,
    providerRouteKey,
    ({ destinationPrefix }) => `the provider route to ${formatPrefix(destinationPrefix)}`,
    report,
  );
  return new Map([...merged].map(([key, { value }]) => [key, value]));
}

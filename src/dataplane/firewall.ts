import type { TransportProtocol } from '../model/connection.js';
import { formatIp, type IpAddress } from '../net/ip.js';
import { comparePrefix, type Prefix } from '../net/prefix.js';
import {
  addressAndPort,
  familyKeyword,
  prefixSet,
  renderTable,
  sortedAddresses,
  translatedPorts,
  type Chain,
} from './nft-text.js';
import { clampingChains, type SegmentClamp } from './segment-clamp.js';
import {
  daemonAddresses,
  guardChains,
  reservedTraffic,
  type TunnelEndPoint,
  type TunnelGuard,
} from './tunnel-guard.js';

/** What a routing domain's namespace filters and changes; a domain that needs nothing has no firewall. */
export interface DomainFirewall {
  readonly nat: DomainNat | undefined;
  readonly guard: TunnelGuard | undefined;
  /** None where absent. */
  readonly clamps?: readonly SegmentClamp[];
}

/** NAT in a routing domain's namespace (G2). */
export interface DomainNat {
  /**
   * What happens to packets that leave by `ext`; the longest prefix that holds the destination
   * decides. No two have the same prefix.
   */
  readonly destinations: readonly NatDestination[];
  readonly portForwards: readonly PortForward[];
}

export interface NatDestination {
  readonly prefix: Prefix;
  /** Source address from here on, of the prefix's family; absent = as it is (a routed connection). */
  readonly translation?: IpAddress;
}

/** external address:external port -> CA:port, both addresses of one family. */
export interface PortForward {
  readonly protocol: TransportProtocol;
  readonly externalAddress: IpAddress;
  readonly externalPort: number;
  readonly internalAddress: IpAddress;
  readonly internalPort: number;
}

/** The firewall of a routing domain's namespace, as `nft -s -t list table inet TABLE` prints it. */
export function domainFirewall(table: string, { nat, guard, clamps = [] }: DomainFirewall): string {
  const clamping = clamps.length === 0 ? undefined : clampingChains(clamps);
  const translation = nat === undefined ? undefined : natChains(nat, guard?.endPoints ?? []);
  const protection = guard === undefined ? undefined : guardChains(guard);
  const forward: Chain = {
    name: 'forward',
    hook: 'type filter hook forward priority filter; policy accept;',
    rules: [
      ...(nat === undefined ? [] : ['oifname "ext" ct state invalid goto invalid']),
      ...(guard === undefined ? [] : ['iifname "ext" goto from_outside']),
    ],
  };
  return renderTable(
    table,
    [],
    [
      ...(clamping === undefined ? [] : [clamping.hooked]),
      ...(translation === undefined ? [] : [translation.prerouting]),
      ...(forward.rules.length === 0 ? [] : [forward]),
      ...(protection?.hooked ?? []),
      ...(translation === undefined ? [] : [translation.postrouting]),
      ...(translation?.called ?? []),
      ...(protection?.called ?? []),
      ...(clamping?.called ?? []),
    ],
  );
}

function natChains(
  nat: DomainNat,
  endPoints: readonly TunnelEndPoint[],
): { readonly prerouting: Chain; readonly postrouting: Chain; readonly called: readonly Chain[] } {
  const destinations = nat.destinations.toSorted(
    (a, b) => b.prefix.length - a.prefix.length || comparePrefix(a.prefix, b.prefix),
  );
  const forwardedAddresses = sortedAddresses(
    nat.portForwards.map((forward) => forward.externalAddress),
  );
  return {
    prerouting: {
      name: 'prerouting',
      hook: 'type nat hook prerouting priority dstnat; policy accept;',
      rules: nat.portForwards.map(portForwardRule).sort(),
    },
    postrouting: {
      name: 'postrouting',
      hook: 'type nat hook postrouting priority srcnat; policy accept;',
      rules: [
        ...forwardedAddresses.map(hairpinRule),
        // What the domain's own daemons say; nobody else has their addresses.
        ...daemonAddresses(endPoints).map((source) => `oifname "ext" ${source} accept`),
        'oifname "ext" goto outbound',
      ],
    },
    called: [
      {
        // What connection tracking makes no sense of, a reset out of the blue for example, is never
        // translated: it would leave with the customer address.
        name: 'invalid',
        rules: destinations.map(({ prefix, translation }) =>
          destinationRule(prefix, translation === undefined ? 'accept' : 'counter drop'),
        ),
      },
      {
        name: 'outbound',
        rules: destinations.flatMap(({ prefix, translation }) =>
          translation === undefined
            ? [destinationRule(prefix, 'accept')]
            : translationRules(prefix, translation, endPoints),
        ),
      },
    ],
  };
}

function translationRules(
  prefix: Prefix,
  address: IpAddress,
  endPoints: readonly TunnelEndPoint[],
): string[] {
  const { udp, tcp, protocols } = reservedTraffic(endPoints, address);
  const otherPorts = `snat ${familyKeyword(address)} to ${translatedPorts(address)}`;
  return [
    ...(udp === undefined ? [] : [destinationRule(prefix, `udp sport ${udp} ${otherPorts}`)]),
    ...(tcp === undefined ? [] : [destinationRule(prefix, `tcp sport ${tcp} ${otherPorts}`)]),
    ...(protocols === undefined
      ? []
      : [destinationRule(prefix, `meta l4proto ${protocols} counter drop`)]),
    destinationRule(prefix, sourceNat(address)),
  ];
}

function portForwardRule(forward: PortForward): string {
  const family = familyKeyword(forward.internalAddress);
  return [
    `${family} daddr ${formatIp(forward.externalAddress)}`,
    `${forward.protocol} dport ${forward.externalPort}`,
    `dnat ${family} to ${addressAndPort(forward.internalAddress, forward.internalPort)}`,
  ].join(' ');
}

/**
 * A VM that calls its own network's external address is answered by a VM that would otherwise send
 * straight to it, from an address that the caller does not know.
 */
function hairpinRule(address: IpAddress): string {
  return [
    'iifname "vnet" oifname "vnet"',
    `ct original ${familyKeyword(address)} daddr ${formatIp(address)} ct status dnat`,
    sourceNat(address),
  ].join(' ');
}

function destinationRule(prefix: Prefix, verdict: string): string {
  return `${familyKeyword(prefix.address)} daddr ${prefixSet([prefix])} ${verdict}`;
}

function sourceNat(address: IpAddress): string {
  return `snat ${familyKeyword(address)} to ${formatIp(address)}`;
}

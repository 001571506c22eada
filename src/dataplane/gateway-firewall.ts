import { familyOf, type IpAddress, type IpFamily } from '../net/ip.js';
import { hostPrefix, prefixFamily, type Prefix } from '../net/prefix.js';
import { addressSet, prefixSet, renderTable, type Chain, type DynamicSet } from './nft-text.js';
import { arrivalRules, departureRules, transits, type SharedAddress } from './shared-address.js';

/** What the gateway's own namespace does between routing domains and the external devices. */
export interface GatewayNat {
  /** Device group of the gateway's ends of all `ext` pairs (`externalGroup` in linux/names). */
  readonly externalGroup: number;
  /** Linux devices that lead to the NVE hosts; only those that are there. */
  readonly underlayDevices: readonly string[];
  /** Linux devices that lead to the physical network. */
  readonly externalDevices: readonly string[];
  /** External addresses that one routing domain holds alone: every domain may call them. */
  readonly externalAddresses: readonly IpAddress[];
  /** Prefixes that routed connections make reachable: from there a domain may call and be answered. */
  readonly routedPrefixes: readonly Prefix[];
  readonly shares: readonly SharedAddress[];
}

interface FamilyPart {
  readonly family: IpFamily;
  readonly keyword: 'ip' | 'ip6';
  readonly external: readonly IpAddress[];
  /** Where tracked connections never lead: routed prefixes and addresses of single domains. */
  readonly untracked: readonly Prefix[];
  readonly shares: readonly SharedAddress[];
}

/**
 * The firewall of the gateway's namespace, as `nft -s -t list table inet TABLE` prints it.
 *
 * - Nothing passes from one routing domain to another, except to an external address and back (N5).
 * - Neither tenants nor the physical network reach the provider network, and the other way round.
 * - Tenants do not reach the gateway itself, and nobody does by a shared address, but for ICMP.
 * - Shared external addresses are translated. Only their packets are tracked, and where none is
 *   shared the table does not turn connection tracking on.
 * - It sees no packet that has nothing to do with routing domains, external or underlay devices.
 */
export function gatewayFirewall(table: string, nat: GatewayNat): string {
  const parts = ([4, 6] as const).map((family) => familyPart(nat, family));
  const sharing = nat.shares.length > 0;
  const group = nat.externalGroup;
  const chains: Chain[] = [
    ...(sharing ? trackingChains(group, parts) : []),
    {
      name: 'forward',
      hook: 'type filter hook forward priority filter; policy accept;',
      rules: [
        ...parts.flatMap(untranslatableRule),
        `iifgroup ${group} oifgroup ${group} goto between_domains`,
        // By index: every packet passes here, and names are dear to compare.
        ...nat.underlayDevices.flatMap((device) => [
          `oif "${device}" goto provider_network`,
          `iif "${device}" goto provider_network`,
        ]),
      ],
    },
    {
      name: 'input',
      hook: 'type filter hook input priority filter; policy accept;',
      rules: parts.flatMap((part) => inputRules(group, part)),
    },
    {
      // Somebody who gets a packet there could speak NVGRE in the name of a host.
      name: 'provider_network',
      rules: [
        `iifgroup ${group} counter drop`,
        `oifgroup ${group} counter drop`,
        ...nat.externalDevices.flatMap((device) => [
          `iifname "${device}" counter drop`,
          `oifname "${device}" counter drop`,
        ]),
      ],
    },
    {
      name: 'between_domains',
      rules: [
        ...(sharing ? ['ct state established,related accept', 'ct status dnat accept'] : []),
        ...parts.flatMap(callRules),
        'counter drop',
      ],
    },
  ];
  return renderTable(table, parts.flatMap(callSet), chains);
}

/** A shared address is one of the gateway's own: services that listen everywhere must not answer. */
function inputRules(group: number, { keyword, family, shares }: FamilyPart): string[] {
  const tenants = `iifgroup ${group} meta nfproto ipv${family} counter drop`;
  if (shares.length === 0) return [tenants];
  const shared = addressSet(shares.map((share) => share.sharedAddress));
  const icmp = family === 4 ? 'icmp' : 'ipv6-icmp';
  return [
    `${keyword} daddr ${shared} meta l4proto ${icmp} accept`,
    `${keyword} daddr ${shared} counter drop`,
    tenants,
  ];
}

function familyPart(nat: GatewayNat, family: IpFamily): FamilyPart {
  const external = nat.externalAddresses.filter((address) => familyOf(address) === family);
  const routed = nat.routedPrefixes.filter((prefix) => prefixFamily(prefix) === family);
  return {
    family,
    keyword: family === 4 ? 'ip' : 'ip6',
    external,
    untracked: [...external.map(hostPrefix), ...routed],
    shares: nat.shares.filter(({ sharedAddress }) => familyOf(sharedAddress) === family),
  };
}

/**
 * Every domain may call an external address; the answer may go to where the call came from. A TCP
 * segment is an answer unless it opens a connection; for UDP the calls are kept for a while. So
 * calls between domains need no connection tracking.
 */
function callRules({ keyword, family, external }: FamilyPart): string[] {
  if (external.length === 0) return [];
  const addresses = addressSet(external);
  const calls = callSetName(family);
  return [
    `${keyword} daddr ${addresses} update @${calls} { ${keyword} saddr . udp sport . ${keyword} daddr . udp dport }`,
    `${keyword} daddr ${addresses} accept`,
    `${keyword} daddr . udp dport . ${keyword} saddr . udp sport @${calls} accept`,
    `${keyword} saddr ${addresses} tcp flags != syn / syn,ack accept`,
    family === 4
      ? `ip saddr ${addresses} icmp type { echo-reply, destination-unreachable, time-exceeded, parameter-problem } accept`
      : `ip6 saddr ${addresses} icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-reply } accept`,
  ];
}

function callSet({ family, external }: FamilyPart): DynamicSet[] {
  if (external.length === 0) return [];
  const address = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  return [
    {
      name: callSetName(family),
      lines: [
        `type ${address} . inet_service . ${address} . inet_service`,
        'size 65536',
        'flags dynamic,timeout',
        'timeout 3m',
      ],
    },
  ];
}

function callSetName(family: IpFamily): string {
  return `udp_calls${family}`;
}

/** What connection tracking makes no sense of would leave with the transit address. */
function untranslatableRule({ keyword, shares }: FamilyPart): string[] {
  if (shares.length === 0) return [];
  return [`${keyword} saddr ${transits(shares)} ct state invalid counter drop`];
}

function trackingChains(group: number, parts: readonly FamilyPart[]): Chain[] {
  return [
    {
      name: 'tracking',
      hook: 'type filter hook prerouting priority raw; policy accept;',
      rules: parts.flatMap((part) => trackingRules(group, part)),
    },
    {
      name: 'prerouting',
      hook: 'type nat hook prerouting priority dstnat; policy accept;',
      rules: parts.flatMap(({ keyword, shares }) => arrivalRules(keyword, shares)),
    },
    {
      name: 'postrouting',
      hook: 'type nat hook postrouting priority srcnat; policy accept;',
      rules: parts.flatMap(({ keyword, shares }) => departureRules(keyword, shares)),
    },
  ];
}

function trackingRules(
  group: number,
  { keyword, family, untracked, shares }: FamilyPart,
): string[] {
  const outward =
    shares.length === 0
      ? [`iifgroup ${group} meta nfproto ipv${family} notrack`]
      : [
          // Transit addresses are met here only where somebody outside tries one.
          `${keyword} daddr ${transits(shares)} counter drop`,
          `iifgroup ${group} ${keyword} saddr != ${transits(shares)} ${keyword} daddr != ${addressSet(shares.map((share) => share.sharedAddress))} notrack`,
        ];
  const inward =
    untracked.length === 0
      ? []
      : [`iifgroup != ${group} ${keyword} daddr ${prefixSet(untracked)} notrack`];
  return [...outward, ...inward];
}

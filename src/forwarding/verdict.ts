/**
 * What can become of a packet: the one list that the BPF programs (by the generated
 * `bpf/verdict.h`), the oracle, the counters, the metrics and the documentation share.
 *
 * The number is what the `counters` map holds: it is never reused. 0 is no verdict.
 */
export interface VerdictInfo {
  readonly number: number;
  readonly kind: 'forwarded' | 'dropped';
  /** One sentence for documentation and `nvgate counters`. */
  readonly description: string;
}

export const VERDICTS = {
  decapsulated: forwarded(1, 'Taken out of NVGRE and given to the routing domain.'),
  encapsulated: forwarded(2, 'Put into NVGRE and sent to the record’s provider address.'),
  hairpinned: forwarded(
    3,
    'VM to VM: sent on with a new NVGRE header without leaving the packet path.',
  ),
  arpReplied: forwarded(4, 'ARP request for an address of the gateway, answered.'),
  neighbourAdvertised: forwarded(
    5,
    'IPv6 neighbour solicitation for an address of the gateway, answered.',
  ),
  groupEncapsulated: forwarded(
    6,
    'Broadcast or multicast of the routing domain, sent to the PA multicast group of a virtual subnet (N10).',
  ),
  copyEncapsulated: forwarded(
    7,
    'Broadcast or multicast of the routing domain, a copy sent to one host of a virtual subnet (N10).',
  ),
  rewritten: forwarded(
    8,
    'Between two records of rule nat: sent with their provider addresses in place of the customer addresses, without NVGRE (N13).',
  ),
  restored: forwarded(
    9,
    'From a record of rule nat to an address of the gateway with such a record: customer addresses put back, given to the routing domain (N13).',
  ),

  externalIn: forwarded(
    16,
    'From the physical network straight into NVGRE, past the kernel (shortWay); by way of the kernel it would be encapsulated.',
  ),
  externalOut: forwarded(
    17,
    'Taken out of NVGRE and straight to the physical network, past the kernel (shortWay); by way of the kernel it would be decapsulated.',
  ),

  relayedIn: forwarded(
    18,
    'From the physical network straight into a routing domain that has to see its packets, past the gateway’s own kernel (shortWay); counted for all routing domains together, and in its subnet once more as encapsulated.',
  ),
  relayedOut: forwarded(
    19,
    'Out of such a routing domain straight to the physical network, past the gateway’s own kernel (shortWay); counted for all routing domains together, and in its subnet before as decapsulated.',
  ),

  truncated: dropped(32, 'Shorter than its headers say.'),
  outerOptions: dropped(33, 'The outer IPv4 header has options.'),
  outerChecksum: dropped(34, 'The outer IPv4 header checksum is wrong.'),
  outerFragment: dropped(35, 'A fragment of an outer packet; NVGRE is never fragmented (N8).'),
  greVersion: dropped(36, 'GRE version is not 0.'),
  greChecksum: dropped(37, 'GRE has the checksum bit set (RFC 7637 section 3.2: must be 0).'),
  greSequence: dropped(38, 'GRE has the sequence bit set (RFC 7637 section 3.2: must be 0).'),
  greKeyMissing: dropped(39, 'GRE has no key, so no VSID.'),
  greReserved: dropped(40, 'GRE has reserved bits set.'),
  greProtocol: dropped(41, 'GRE protocol type is not 0x6558.'),
  vsidReserved: dropped(42, 'The VSID is outside 4097..16777214.'),
  vsidUnknown: dropped(43, 'The policy has no such virtual subnet.'),
  innerVlan: dropped(44, 'The inner frame has an 802.1Q tag (RFC 7637 section 3.3).'),
  innerProtocol: dropped(45, 'The inner frame is neither IPv4, IPv6 nor ARP.'),
  innerMalformed: dropped(46, 'The inner IP header is malformed or its checksum is wrong.'),
  unknownPeer: dropped(
    47,
    'The outer source is not a provider address of the routing domain (N12).',
  ),
  spoofedAddress: dropped(
    48,
    'The inner source address does not live at that provider address (N12).',
  ),
  spoofedMac: dropped(49, 'The inner source MAC is not the one of the record (N12).'),
  innerMulticast: dropped(
    50,
    'Broadcast or multicast of the routing domain that belongs into no virtual subnet.',
  ),
  arpIgnored: dropped(51, 'ARP that is not a request for an address of the gateway.'),
  neighbourIgnored: dropped(
    52,
    'Neighbour discovery that is not a solicitation for an address of the gateway.',
  ),
  congestionMismatch: dropped(
    53,
    'Outer ECN says congestion, inner flow has no ECN (RFC 6040 section 4.2).',
  ),
  multicastHeard: dropped(
    54,
    'Broadcast or multicast of a VM: its host sends it to the others itself, the gateway does not pass it on.',
  ),
  groupUnicast: dropped(
    55,
    'A unicast packet that came by a PA multicast group: every host has got it.',
  ),

  noRoute: dropped(64, 'No customer route for the destination.'),
  noRecord: dropped(65, 'On link, but no lookup record and no wildcard for the destination.'),
  localDestination: dropped(
    66,
    'A packet for the gateway’s own address came back out of the routing domain.',
  ),
  tooBig: dropped(67, 'With the NVGRE header longer than an IPv4 packet can be.'),
  redirectSuppressed: dropped(68, 'An ICMPv6 redirect of the gateway; tenants never get one.'),
  notIp: dropped(69, 'Neither IPv4 nor IPv6 came out of the routing domain.'),
  subnetUnknown: dropped(
    70,
    'The record names a virtual subnet that the packet path does not have.',
  ),
  kernelRefused: dropped(71, 'The kernel could not grow, shrink, copy or rewrite the packet.'),
  multicastLimited: dropped(
    72,
    'More broadcast and multicast for the virtual subnet than multicastPacketsPerSecond.',
  ),
  hostsLeftOut: dropped(
    73,
    'Copies that were not made: the virtual subnet has more hosts than one packet is copied to.',
  ),
} as const satisfies Record<string, VerdictInfo>;

export type Verdict = keyof typeof VERDICTS;

export type DropReason = {
  [V in Verdict]: (typeof VERDICTS)[V]['kind'] extends 'dropped' ? V : never;
}[Verdict];

export const VERDICT_NAMES = Object.keys(VERDICTS) as Verdict[];

const BY_NUMBER = new Map<number, Verdict>(
  VERDICT_NAMES.map((name) => [VERDICTS[name].number, name]),
);

/** The verdict with that number in the `counters` map; undefined for one this build does not know. */
export function verdictOf(number: number): Verdict | undefined {
  return BY_NUMBER.get(number);
}

function forwarded<const N extends number>(number: N, description: string) {
  return { number, kind: 'forwarded', description } as const;
}

function dropped<const N extends number>(number: N, description: string) {
  return { number, kind: 'dropped', description } as const;
}

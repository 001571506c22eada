import type { TransportProtocol } from '../model/connection.js';
import { compareIp, formatIp, type IpAddress } from '../net/ip.js';
import { addressSet, mapOf, sortedAddresses, translatedPorts } from './nft-text.js';

/**
 * One routing domain's part in an external address that several share. The domain translates to
 * its transit address, which means nothing outside; the gateway translates that to the shared
 * address, which it holds itself. Both are of one family.
 */
export interface SharedAddress {
  readonly sharedAddress: IpAddress;
  readonly transitAddress: IpAddress;
  /** Ports of the shared address that lead to this domain, their number unchanged. */
  readonly ports: readonly { readonly protocol: TransportProtocol; readonly port: number }[];
  /** Whose IKE leads to this domain. */
  readonly ike: IkePeers;
}

/** IKE is told apart by where it comes from: its ports are the same for everybody (RFC 7296, 2). */
export interface IkePeers {
  readonly peers: readonly IpAddress[];
  /** Everybody else too; of the shares in one address only the first that says so. */
  readonly anyOther: boolean;
}

/** IKE, and IKE and ESP in UDP where an address is translated on the way, as a shared one is (RFC 3948). */
export const IKE_PORTS = '{ 500, 4500 }';

/** Where what comes to shared addresses goes, for shares of one family; the rest stays here. */
export function arrivalRules(keyword: 'ip' | 'ip6', shares: readonly SharedAddress[]): string[] {
  return bySharedAddress(shares).flatMap(([address, ofAddress]) => [
    ...ikeArrivalRules(keyword, address, ofAddress),
    ...portRules(keyword, address, ofAddress),
  ]);
}

/** Gives what comes from transit addresses the shared one, for shares of one family. */
export function departureRules(keyword: 'ip' | 'ip6', shares: readonly SharedAddress[]): string[] {
  if (shares.length === 0) return [];
  const entries = shares
    .toSorted((a, b) => compareIp(a.transitAddress, b.transitAddress))
    .map(({ transitAddress, sharedAddress }) => {
      return [formatIp(transitAddress), formatIp(sharedAddress)] as const;
    });
  return [
    ...bySharedAddress(shares).flatMap(([address, ofAddress]) =>
      ikeDepartureRules(keyword, address, ofAddress),
    ),
    `snat ${keyword} to ${keyword} saddr map ${mapOf(entries)}`,
  ];
}

/** The transit addresses as a set, at least one share. */
export function transits(shares: readonly SharedAddress[]): string {
  return addressSet(shares.map((share) => share.transitAddress));
}

function bySharedAddress(shares: readonly SharedAddress[]): [IpAddress, SharedAddress[]][] {
  return sortedAddresses(shares.map(({ sharedAddress }) => sharedAddress)).map((address) => [
    address,
    shares
      .filter(({ sharedAddress }) => sharedAddress === address)
      .sort((a, b) => compareIp(a.transitAddress, b.transitAddress)),
  ]);
}

function ikeArrivalRules(
  keyword: 'ip' | 'ip6',
  address: IpAddress,
  shares: readonly SharedAddress[],
): string[] {
  const transitByPeer = new Map<IpAddress, IpAddress>();
  for (const { transitAddress, ike } of shares)
    for (const peer of ike.peers)
      if (!transitByPeer.has(peer)) transitByPeer.set(peer, transitAddress);
  const entries = [...transitByPeer]
    .sort(([a], [b]) => compareIp(a, b))
    .map(([peer, transit]) => [formatIp(peer), formatIp(transit)] as const);
  const open = shares.find(({ ike }) => ike.anyOther);
  const rule = `${keyword} daddr ${formatIp(address)} udp dport ${IKE_PORTS} dnat ${keyword} to`;
  return [
    ...(entries.length === 0 ? [] : [`${rule} ${keyword} saddr map ${mapOf(entries)}`]),
    ...(open === undefined ? [] : [`${rule} ${formatIp(open.transitAddress)}`]),
  ];
}

/**
 * A VM could use an IKE port towards another domain's peer first, and would then get what that
 * peer sends. So who has no IKE leaves by other ports.
 */
function ikeDepartureRules(
  keyword: 'ip' | 'ip6',
  address: IpAddress,
  shares: readonly SharedAddress[],
): string[] {
  const others = shares.filter(({ ike }) => !hasIke(ike));
  if (others.length === 0 || others.length === shares.length) return [];
  return [
    `${keyword} saddr ${transits(others)} udp sport ${IKE_PORTS} snat ${keyword} to ${translatedPorts(address)}`,
  ];
}

function hasIke({ peers, anyOther }: IkePeers): boolean {
  return anyOther || peers.length > 0;
}

function portRules(
  keyword: 'ip' | 'ip6',
  address: IpAddress,
  shares: readonly SharedAddress[],
): string[] {
  return (['tcp', 'udp'] as const).flatMap((protocol) => {
    const transitByPort = new Map<number, IpAddress>();
    for (const { transitAddress, ports } of shares)
      for (const { protocol: of, port } of ports)
        if (of === protocol) transitByPort.set(port, transitAddress);
    if (transitByPort.size === 0) return [];
    const entries = [...transitByPort]
      .sort(([a], [b]) => a - b)
      .map(([port, transit]) => [String(port), formatIp(transit)] as const);
    return [
      `${keyword} daddr ${formatIp(address)} dnat ${keyword} to ${protocol} dport map ${mapOf(entries)}`,
    ];
  });
}

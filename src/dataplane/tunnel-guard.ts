import type { RemoteConnectionType } from '../model/remote-connection.js';
import { familyOf, formatIp, isIpv4, type IpAddress } from '../net/ip.js';
import { comparePrefix, type Prefix } from '../net/prefix.js';
import { addressSet, familyKeyword, prefixSet, sortedAddresses, type Chain } from './nft-text.js';
import { IKE_PORTS } from './shared-address.js';

/**
 * What keeps others out of a routing domain that has remote connections. VPN daemons listen on all
 * addresses of the namespace, and a packet in clear looks like one that has left a tunnel.
 */
export interface TunnelGuard {
  readonly endPoints: readonly TunnelEndPoint[];
  /**
   * Where packets that come by `ext`, in clear, may say they are from; the longest prefix that
   * holds the source decides, and what none holds may come. No two have the same prefix.
   */
  readonly sources: readonly OutsideSource[];
}

/** The gateway's end of a remote connection. */
export interface TunnelEndPoint {
  readonly type: RemoteConnectionType;
  /** What the routing domain holds on `ext`. */
  readonly address: IpAddress;
  /** Who alone may speak to it, of the same family; absent = anybody. */
  readonly peer?: IpAddress;
  /** Whether answers of servers come there as well: HTTP, name servers, PPTP. */
  readonly callsServers: boolean;
}

export interface OutsideSource {
  readonly prefix: Prefix;
  /** Whether what is there is reached in clear. Otherwise it is the VM network's or behind a tunnel. */
  readonly allowed: boolean;
}

/** The filter chains for what comes into the routing domain and for what it says itself. */
export function guardChains({ endPoints, sources }: TunnelGuard): {
  readonly hooked: readonly Chain[];
  readonly called: readonly Chain[];
} {
  const input: Chain = {
    name: 'input',
    hook: 'type filter hook input priority filter; policy accept;',
    rules: [
      'iifname "lo" accept',
      'meta l4proto { icmp, ipv6-icmp } accept',
      'iifname "ext" goto daemons',
      'counter drop',
    ],
  };
  const output: Chain = {
    // L2TP has no protection of its own: not a word of it in clear (RFC 3193, 2.1).
    name: 'output',
    hook: 'type filter hook output priority filter; policy accept;',
    rules: ['oifname "ext" udp sport 1701 rt ipsec missing counter drop'],
  };
  return {
    hooked: endPoints.some(({ type }) => type === 'l2tp') ? [input, output] : [input],
    called: [
      { name: 'daemons', rules: [...daemonRules(endPoints), 'counter drop'] },
      { name: 'from_outside', rules: sourceRules(sources) },
    ],
  };
}

function daemonRules(endPoints: readonly TunnelEndPoint[]): string[] {
  return sortedAddresses(endPoints.map(({ address }) => address)).flatMap((address) => {
    const of = (...types: RemoteConnectionType[]): TunnelEndPoint[] =>
      endPoints.filter((point) => point.address === address && types.includes(point.type));
    const accept = (points: readonly TunnelEndPoint[], ...matches: string[]): string[] =>
      points.length === 0
        ? []
        : matches.map((match) => `${fromPeers(points)}${toAddress(address)} ${match} accept`);
    return [
      ...accept(of('ikev2', 'l2tp'), 'meta l4proto esp', `udp dport ${IKE_PORTS}`),
      ...accept(of('l2tp'), 'udp dport 1701 meta ipsec exists'),
      ...accept(of('pptp'), 'meta l4proto gre', 'tcp dport 1723'),
      ...(endPoints.some((point) => point.address === address && point.callsServers)
        ? ANSWERS.map((match) => `${toAddress(address)} ${match} accept`)
        : []),
    ];
  });
}

/** Of TCP all but what opens a connection; of name servers what no daemon listens for. */
const ANSWERS = ['tcp flags != syn / syn,ack', 'udp sport 53 udp dport 32768-60999'];

function toAddress(address: IpAddress): string {
  return `${familyKeyword(address)} daddr ${formatIp(address)}`;
}

/** All their peers, or anybody where one of them takes anybody. */
function fromPeers(points: readonly TunnelEndPoint[]): string {
  const peers = points.flatMap(({ peer }) => (peer === undefined ? [] : [peer]));
  const [first] = peers;
  return first === undefined || peers.length < points.length
    ? ''
    : `${familyKeyword(first)} saddr ${addressSet(peers)} `;
}

function sourceRules(sources: readonly OutsideSource[]): string[] {
  return sources
    .toSorted((a, b) => b.prefix.length - a.prefix.length || comparePrefix(a.prefix, b.prefix))
    .map(({ prefix, allowed }) => {
      const source = `${familyKeyword(prefix.address)} saddr ${prefixSet([prefix])}`;
      if (allowed) return `${source} accept`;
      // Routers on the way may have any address, and their word on path MTUs is needed.
      const routers = prefix.length > 0 ? '' : ` meta l4proto != ${icmp(prefix.address)}`;
      return `${source}${routers} counter drop`;
    });
}

function icmp(address: IpAddress): string {
  return isIpv4(address) ? 'icmp' : 'ipv6-icmp';
}

/** What a VM must not use of an address that it leaves by and that daemons speak from too. */
export interface ReservedTraffic {
  /** Source ports that have to become others. */
  readonly udp: string | undefined;
  readonly tcp: string | undefined;
  /** Protocols without ports, which cannot be told apart. */
  readonly protocols: string | undefined;
}

/** By what a VM sends first it would get what a peer sends to the daemons. */
export function reservedTraffic(
  endPoints: readonly TunnelEndPoint[],
  address: IpAddress,
): ReservedTraffic {
  const types = new Set(
    endPoints.filter((point) => point.address === address).map(({ type }) => type),
  );
  const ipsec = types.has('ikev2') || types.has('l2tp');
  const pptp = types.has('pptp');
  return {
    udp: types.has('l2tp') ? '{ 500, 1701, 4500 }' : ipsec ? IKE_PORTS : undefined,
    tcp: pptp ? '1723' : undefined,
    protocols: ipsec && pptp ? '{ gre, esp }' : ipsec ? 'esp' : pptp ? 'gre' : undefined,
  };
}

/** Addresses of both families that daemons speak from, as sets by family. */
export function daemonAddresses(endPoints: readonly TunnelEndPoint[]): string[] {
  return ([4, 6] as const).flatMap((family) => {
    const addresses = endPoints
      .map(({ address }) => address)
      .filter((address) => familyOf(address) === family);
    const [first] = addresses;
    return first === undefined ? [] : [`${familyKeyword(first)} saddr ${addressSet(addresses)}`];
  });
}

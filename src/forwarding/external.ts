import { ETHERNET_BYTES, EtherType, readEthernet } from '../codec/ethernet.js';
import { isNeighbourDiscovery } from '../codec/icmpv6.js';
import { IpProtocol } from '../codec/ip-protocol.js';
import { FRAGMENT_BITS, IPV4_HEADER_WORDS, readIpv4 } from '../codec/ipv4.js';
import { IPV6_BYTES, readIpv6 } from '../codec/ipv6.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import {
  isLinkLocal,
  isLoopback,
  isMulticast,
  type IpAddress,
  type Ipv4,
  type Ipv6,
} from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import { PASSED, type Forwarded, type Passed } from './outcome.js';

/** A device between which and another one packets may take the short way (ExternalEndEntry). */
export type ExternalEnd =
  | { readonly end: 'outside'; readonly device: string; readonly macAddress: MacAddress }
  | {
      readonly end: 'domain';
      readonly routingDomain: RoutingDomainId;
      readonly macAddress: MacAddress;
    };

/**
 * The routes of the gateway's namespace, as its kernel reads them for a packet that came in by a
 * device. Undefined where it would do anything but forward: to its own and to broadcast addresses,
 * without a route, by one that refuses.
 */
export type GatewayRoutes = (
  address: IpAddress,
) => { readonly leadsTo: ExternalEnd | 'elsewhere'; readonly mtu: number } | undefined;

/**
 * What `inbound` and `outbound` do with a frame that came in by a device of the external side:
 * straight on to where the gateway's kernel would have forwarded it, or `pass`, which leaves it to
 * that kernel.
 */
export function shortWay(
  frame: Uint8Array,
  from: ExternalEnd,
  routes: GatewayRoutes,
): Passed | Forwarded {
  const packet = readExternalPacket(frame, from.macAddress);
  if (packet === undefined) return PASSED;
  const ahead = routes(packet.destination);
  const back = routes(packet.source);
  if (ahead === undefined || back === undefined || back.leadsTo !== from) return PASSED;
  if (packet.length > ahead.mtu || packet.length > back.mtu) return PASSED;
  const to = ahead.leadsTo;
  if (to === 'elsewhere' || to.end === from.end) return PASSED;
  return {
    kind: 'forwarded',
    verdict: to.end === 'domain' ? 'externalIn' : 'externalOut',
    vsid: 0,
    out:
      to.end === 'domain'
        ? { device: 'ext', domain: to.routingDomain }
        : { device: 'external', name: to.device },
    frame,
  };
}

interface ExternalPacket {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly length: number;
}

/** Undefined for what only the kernel should handle. */
function readExternalPacket(frame: Uint8Array, own: MacAddress): ExternalPacket | undefined {
  const bytes = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const ethernet = readEthernet(bytes, 0);
  if (ethernet?.destination !== own) return undefined;
  const addresses = readAddresses(bytes, ethernet.etherType);
  if (addresses === undefined) return undefined;
  return { ...addresses, length: bytes.byteLength - ETHERNET_BYTES };
}

function readAddresses(
  bytes: DataView,
  etherType: number,
): Omit<ExternalPacket, 'length'> | undefined {
  switch (etherType) {
    case EtherType.ipv4: {
      const header = readIpv4(bytes, ETHERNET_BYTES);
      if (header?.version !== 4 || header.headerWords !== IPV4_HEADER_WORDS) return undefined;
      if ((header.fragmentWord & FRAGMENT_BITS) !== 0) return undefined;
      if (isSpecial4(header.source) || isSpecial4(header.destination)) return undefined;
      return header;
    }
    case EtherType.ipv6: {
      const header = readIpv6(bytes, ETHERNET_BYTES);
      if (header?.version !== 6 || EXTENSION_HEADERS.has(header.nextHeader)) return undefined;
      if (header.nextHeader === IpProtocol.icmpv6) {
        const type = ETHERNET_BYTES + IPV6_BYTES;
        if (bytes.byteLength <= type || isNeighbourDiscovery(bytes.getUint8(type)))
          return undefined;
      }
      if (isSpecial6(header.source) || isSpecial6(header.destination)) return undefined;
      return header;
    }
    default:
      return undefined;
  }
}

/** Hop-by-hop options, routing, fragment, destination options (RFC 8200 section 4). */
const EXTENSION_HEADERS: ReadonlySet<number> = new Set([0, 43, 44, 60]);

/** This network, loopback, multicast, class E; transit addresses are link-local (`dataplane/compile/transit`). */
function isSpecial4(address: Ipv4): boolean {
  const first = address >>> 24;
  return first === 0 || first >= 224 || isLoopback(address) || isLinkLocal(address);
}

/** First 64 bits of IPv6 transit addresses. */
const TRANSIT_IPV6 = 0xfd4e_5647_4154_0000n;

/** Unspecified, loopback and IPv4-mapped; link-local, multicast and transit addresses. */
function isSpecial6(address: Ipv6): boolean {
  return (
    address >> 96n === 0n ||
    isLinkLocal(address) ||
    isMulticast(address) ||
    address >> 64n === TRANSIT_IPV6
  );
}

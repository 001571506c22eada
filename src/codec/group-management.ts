import { IpProtocol } from './ip-protocol.js';
import { IPV6_BYTES } from './ipv6.js';

/**
 * Multicast listener discovery (RFC 3810): ICMPv6 behind a hop-by-hop header of eight bytes with
 * nothing in it but the router alert option.
 */
const MLD_BYTES_BEFORE = 8;
const MLD_TYPES = [130, 131, 132, 143];

/** Whether an IPv4 packet is IGMP (RFC 3376): it says who listens to groups. */
export function isIgmp(protocol: number): boolean {
  return protocol === IpProtocol.igmp;
}

/**
 * Whether the IPv6 packet at `offset` is a message of multicast listener discovery.
 * @param nextHeader of the IPv6 header
 */
export function isListenerDiscovery(bytes: DataView, offset: number, nextHeader: number): boolean {
  const options = offset + IPV6_BYTES;
  const message = options + MLD_BYTES_BEFORE;
  return (
    nextHeader === IpProtocol.hopByHop &&
    bytes.byteLength > message &&
    bytes.getUint8(options) === IpProtocol.icmpv6 &&
    bytes.getUint8(options + 1) === 0 &&
    MLD_TYPES.includes(bytes.getUint8(message))
  );
}

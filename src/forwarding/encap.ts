import { ETHERNET_BYTES, EtherType, VLAN_TAG_BYTES, readEthernet } from '../codec/ethernet.js';
import { Icmpv6Type, isNeighbourDiscovery } from '../codec/icmpv6.js';
import { IpProtocol } from '../codec/ip-protocol.js';
import { IPV4_MAX_LENGTH, readIpv4 } from '../codec/ipv4.js';
import { IPV6_BYTES, readIpv6 } from '../codec/ipv6.js';
import { NVGRE_OVERHEAD, NvgreOffset, writeNvgreHeaders } from '../codec/nvgre.js';
import { flowIdOf } from '../model/flow-id.js';
import type { ForwardingTables } from '../model/forwarding-table.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { isLimitedBroadcast, isMulticast, type IpAddress } from '../net/ip.js';
import { dropped, type EncapResult } from './outcome.js';
import { isNextHop, routeToNextHop } from './route.js';
import type { DropReason } from './verdict.js';

/**
 * What becomes of a packet that left a routing domain by `vnet`.
 *
 * @param frame Ethernet header and IP packet; it is not changed.
 * @param flowHash 32 bits of the flow (`flow-hash`), from which the FlowID is made.
 */
export function encap(
  frame: Uint8Array,
  domain: RoutingDomainId,
  tables: ForwardingTables,
  flowHash: number,
): EncapResult {
  const packet = readRoutedPacket(frame);
  if (typeof packet === 'string') return dropped(packet);
  const hop = routeToNextHop(domain, packet.destination, tables);
  if (!isNextHop(hop)) return hop;
  const subnet = tables.virtualSubnet(hop.vsid);
  if (subnet === undefined) return dropped('subnetUnknown');
  if (packet.length + NVGRE_OVERHEAD > IPV4_MAX_LENGTH) return dropped('tooBig', hop.vsid);

  const out = new Uint8Array(NvgreOffset.innerPacket + packet.length);
  out.set(frame.subarray(packet.offset), NvgreOffset.innerPacket);
  writeNvgreHeaders(new DataView(out.buffer), {
    typeOfService: packet.trafficClass,
    source: subnet.providerAddress,
    destination: hop.providerAddress,
    vsid: hop.vsid,
    flowId: flowIdOf(flowHash),
    inner: {
      destination: hop.macAddress,
      source: subnet.sourceMac,
      etherType: packet.etherType,
    },
  });
  return {
    kind: 'forwarded',
    verdict: 'encapsulated',
    vsid: hop.vsid,
    out: { device: 'underlay', name: subnet.underlay },
    frame: out,
  };
}

/** What encap reads of a packet. The kernel made it, so its lengths and checksum are right. */
interface RoutedPacket {
  readonly etherType: number;
  /** Where the IP header starts in the frame. */
  readonly offset: number;
  /** From there to the end of the frame, in bytes. */
  readonly length: number;
  readonly destination: IpAddress;
  readonly trafficClass: number;
}

function readRoutedPacket(frame: Uint8Array): RoutedPacket | DropReason {
  const bytes = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const outermost = readEthernet(bytes, 0)?.etherType;
  const tagged = outermost === EtherType.customerVlan || outermost === EtherType.serviceVlan;
  const offset = tagged ? ETHERNET_BYTES + VLAN_TAG_BYTES : ETHERNET_BYTES;
  if (outermost === undefined || bytes.byteLength < offset) return 'truncated';
  const etherType = bytes.getUint16(offset - 2);
  const header = readRoutedHeader(bytes, offset, etherType);
  if (typeof header === 'string') return header;
  if (isMulticast(header.destination) || isLimitedBroadcast(header.destination))
    return 'innerMulticast';
  return { ...header, etherType, offset, length: bytes.byteLength - offset };
}

function readRoutedHeader(
  bytes: DataView,
  offset: number,
  etherType: number,
): Pick<RoutedPacket, 'destination' | 'trafficClass'> | DropReason {
  switch (etherType) {
    case EtherType.ipv4: {
      const header = readIpv4(bytes, offset);
      if (header === undefined) return 'truncated';
      return { destination: header.destination, trafficClass: header.typeOfService };
    }
    case EtherType.ipv6: {
      const header = readIpv6(bytes, offset);
      if (header === undefined) return 'truncated';
      return (
        suppressNeighbourDiscovery(bytes, offset, header.nextHeader) ?? {
          destination: header.destination,
          trafficClass: header.trafficClass,
        }
      );
    }
    default:
      return 'notIp';
  }
}

/** The gateway answers for its addresses in `decap`; what its kernel says on `vnet` stays there. */
function suppressNeighbourDiscovery(
  bytes: DataView,
  offset: number,
  nextHeader: number,
): DropReason | undefined {
  const message = offset + IPV6_BYTES;
  if (nextHeader !== IpProtocol.icmpv6 || bytes.byteLength <= message) return undefined;
  const type = bytes.getUint8(message);
  if (type === Icmpv6Type.redirect) return 'redirectSuppressed';
  return isNeighbourDiscovery(type) ? 'neighbourIgnored' : undefined;
}

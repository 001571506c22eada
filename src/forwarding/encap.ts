import {
  ETHERNET_BYTES,
  EtherType,
  VLAN_TAG_BYTES,
  ethernetFrame,
  readEthernet,
} from '../codec/ethernet.js';
import { isIgmp, isListenerDiscovery } from '../codec/group-management.js';
import { Icmpv6Type, isNeighbourDiscovery } from '../codec/icmpv6.js';
import { IpProtocol } from '../codec/ip-protocol.js';
import { IPV4_MAX_LENGTH, readIpv4 } from '../codec/ipv4.js';
import { IPV6_BYTES, readIpv6 } from '../codec/ipv6.js';
import { NVGRE_OVERHEAD, NvgreOffset, writeNvgreHeaders } from '../codec/nvgre.js';
import type { ProviderAddress } from '../model/addresses.js';
import { flowIdOf } from '../model/flow-id.js';
import type { ForwardingTables } from '../model/forwarding-table.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { isMulticast, type IpAddress } from '../net/ip.js';
import { dropped, type EncapResult, type Out } from './outcome.js';
import { rewriteAddresses, toProvider } from './rewrite.js';
import { wayInto } from './spread.js';
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
  const way = wayInto(domain, packet.source, packet.destination, tables);
  if ('reason' in way) return way;
  const { vsid, macAddress } = way;
  const subnet = tables.virtualSubnet(vsid);
  if (subnet === undefined) return dropped('subnetUnknown');
  const out: Out = { device: 'underlay', name: subnet.underlay };
  // Only the gateway's own addresses have a PA here: others may be anybody outside (N13).
  const isOwn = tables.lookupRecord(domain, packet.source)?.local === true;
  if (isOwn && way.by === 'record' && way.nat === true && packet.etherType === EtherType.ipv4) {
    const plain = ethernetFrame(frame.subarray(packet.offset), packet.etherType);
    const rewritten = rewriteAddresses(plain, toProvider(domain, tables));
    if (rewritten !== undefined)
      return { kind: 'forwarded', verdict: 'rewritten', vsid, out, frame: rewritten };
  }
  if (packet.length + NVGRE_OVERHEAD > IPV4_MAX_LENGTH) return dropped('tooBig', vsid);

  const inNvgreTo = (destination: ProviderAddress): Uint8Array => {
    const out = new Uint8Array(NvgreOffset.innerPacket + packet.length);
    out.set(frame.subarray(packet.offset), NvgreOffset.innerPacket);
    writeNvgreHeaders(new DataView(out.buffer), {
      typeOfService: packet.trafficClass,
      source: subnet.providerAddress,
      destination,
      vsid,
      flowId: flowIdOf(flowHash),
      inner: { destination: macAddress, source: subnet.sourceMac, etherType: packet.etherType },
    });
    return out;
  };
  if (way.by === 'copies') {
    const frames = way.providerAddresses.map(inNvgreTo);
    const { leftOut } = way;
    return { kind: 'replicated', verdict: 'copyEncapsulated', vsid, out, frames, leftOut };
  }
  const verdict = way.by === 'group' ? 'groupEncapsulated' : 'encapsulated';
  return { kind: 'forwarded', verdict, vsid, out, frame: inNvgreTo(way.providerAddress) };
}

/** What encap reads of a packet. The kernel made it, so its lengths and checksum are right. */
interface RoutedPacket {
  readonly etherType: number;
  /** Where the IP header starts in the frame. */
  readonly offset: number;
  /** From there to the end of the frame, in bytes. */
  readonly length: number;
  readonly source: IpAddress;
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
  return { ...header, etherType, offset, length: bytes.byteLength - offset };
}

function readRoutedHeader(
  bytes: DataView,
  offset: number,
  etherType: number,
): Pick<RoutedPacket, 'source' | 'destination' | 'trafficClass'> | DropReason {
  switch (etherType) {
    case EtherType.ipv4: {
      const header = readIpv4(bytes, offset);
      if (header === undefined) return 'truncated';
      const { source, destination, typeOfService, protocol } = header;
      if (isMulticast(destination) && isIgmp(protocol)) return 'innerMulticast';
      return { source, destination, trafficClass: typeOfService };
    }
    case EtherType.ipv6: {
      const header = readIpv6(bytes, offset);
      if (header === undefined) return 'truncated';
      const { source, destination, trafficClass, nextHeader } = header;
      return suppressOwnMessage(bytes, offset, nextHeader) ?? { source, destination, trafficClass };
    }
    default:
      return 'notIp';
  }
}

/**
 * The gateway answers for its addresses in `decap`, and listens to nobody's groups; what its kernel
 * says on `vnet` about either stays there.
 */
function suppressOwnMessage(
  bytes: DataView,
  offset: number,
  nextHeader: number,
): DropReason | undefined {
  if (isListenerDiscovery(bytes, offset, nextHeader)) return 'innerMulticast';
  const message = offset + IPV6_BYTES;
  if (nextHeader !== IpProtocol.icmpv6 || bytes.byteLength <= message) return undefined;
  const type = bytes.getUint8(message);
  if (type === Icmpv6Type.redirect) return 'redirectSuppressed';
  return isNeighbourDiscovery(type) ? 'neighbourIgnored' : undefined;
}

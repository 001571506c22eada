import { ETHERNET_BYTES, EtherType, readEthernet } from '../codec/ethernet.js';
import { GRE_KEYED_BYTES, readGre } from '../codec/gre.js';
import { ICMP_ERROR_BYTES, readIcmpUnreachable, UnreachableCode } from '../codec/icmp.js';
import { IpProtocol } from '../codec/ip-protocol.js';
import {
  DONT_FRAGMENT,
  FRAGMENT_BITS,
  IPV4_BYTES,
  IPV4_HEADER_WORDS,
  isIpv4HeaderIntact,
  readIpv4,
} from '../codec/ipv4.js';
import { NVGRE_FLAGS, NVGRE_PROTOCOL_TYPE, NvgreOffset, vsidOfKey } from '../codec/nvgre.js';
import { ProviderAddress } from '../model/addresses.js';
import type { ForwardingTables, VirtualSubnetEntry } from '../model/forwarding-table.js';
import { PATH_MTU_MIN } from '../model/path-mtu.js';
import type { Ipv4 } from '../net/ip.js';
import { ownEnd } from './receive-rewritten.js';

/** What a router of the underlay says of the way to a peer. */
export interface PathMtuMessage {
  readonly providerAddress: ProviderAddress;
  /** Bytes of outer packet. */
  readonly mtu: number;
  readonly router: Ipv4;
}

/** Offsets from the start of the frame that brings the message. */
const MESSAGE = ETHERNET_BYTES + IPV4_BYTES;
const RETURNED_IP = MESSAGE + ICMP_ERROR_BYTES;
const RETURNED_GRE = RETURNED_IP + IPV4_BYTES;
const RETURNED_INNER = RETURNED_GRE + GRE_KEYED_BYTES;

/**
 * Reads an ICMP "fragmentation needed" about NVGRE that the gateway can have sent: from its PA, to a
 * peer of the routing domain of its VSID, in one piece; or about a packet between two records of rule
 * `nat` (N13). Undefined for every other frame. As much
 * is compared as the router has sent back, which may end behind the GRE key (RFC 792).
 *
 * @param frame as an underlay device received it; the kernel gets it in any case.
 */
export function readPathMtu(
  frame: Uint8Array,
  tables: ForwardingTables,
): PathMtuMessage | undefined {
  const received = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (readEthernet(received, 0)?.etherType !== EtherType.ipv4) return undefined;
  const outer = readIpv4(received, NvgreOffset.outerIp);
  if (outer?.version !== 4 || outer.headerWords !== IPV4_HEADER_WORDS) return undefined;
  if (outer.protocol !== IpProtocol.icmp || (outer.fragmentWord & FRAGMENT_BITS) !== 0)
    return undefined;
  const end = ETHERNET_BYTES + outer.totalLength;
  if (end > frame.byteLength || end < RETURNED_INNER) return undefined;
  if (!isIpv4HeaderIntact(received, NvgreOffset.outerIp)) return undefined;

  const bytes = new DataView(frame.buffer, frame.byteOffset, end);
  const message = readIcmpUnreachable(bytes, MESSAGE);
  const returned = readIpv4(bytes, RETURNED_IP);
  if (message?.code !== UnreachableCode.fragmentationNeeded || returned === undefined)
    return undefined;
  const mtu = message.nextHopMtu;
  if (mtu < PATH_MTU_MIN || mtu >= returned.totalLength) return undefined;
  if (returned.version !== 4 || returned.headerWords !== IPV4_HEADER_WORDS) return undefined;
  if (returned.source !== outer.destination) return undefined;
  if ((returned.fragmentWord & (DONT_FRAGMENT | FRAGMENT_BITS)) !== DONT_FRAGMENT) return undefined;

  const providerAddress = ProviderAddress(returned.destination);
  if (returned.protocol !== IpProtocol.gre)
    return ownEnd(providerAddress, returned.source, tables) === undefined
      ? undefined
      : { providerAddress, mtu, router: outer.source };
  const subnet = subnetOf(bytes, tables);
  if (subnet?.providerAddress !== returned.source) return undefined;
  if (!tables.isProviderPeer(subnet.routingDomain, providerAddress)) return undefined;
  if (!isOurInner(bytes, subnet)) return undefined;
  return { providerAddress, mtu, router: outer.source };
}

function subnetOf(bytes: DataView, tables: ForwardingTables): VirtualSubnetEntry | undefined {
  const gre = readGre(bytes, RETURNED_GRE);
  if (gre?.flags !== NVGRE_FLAGS || gre.protocolType !== NVGRE_PROTOCOL_TYPE) return undefined;
  return tables.virtualSubnet(vsidOfKey(bytes.getUint32(RETURNED_GRE + 4)));
}

/** True where the router has sent too little of it back. */
function isOurInner(bytes: DataView, subnet: VirtualSubnetEntry): boolean {
  const inner = readEthernet(bytes, RETURNED_INNER);
  if (inner === undefined) return true;
  return (
    inner.source === subnet.sourceMac &&
    (inner.etherType === EtherType.ipv4 || inner.etherType === EtherType.ipv6)
  );
}

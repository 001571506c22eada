import { ETHERNET_BYTES, EtherType, readEthernet, type EthernetHeader } from '../codec/ethernet.js';
import { GRE_BASE_BYTES, GreFlag, readGre } from '../codec/gre.js';
import { IpProtocol } from '../codec/ip-protocol.js';
import {
  FRAGMENT_BITS,
  IPV4_BYTES,
  IPV4_HEADER_WORDS,
  isIpv4HeaderIntact,
  readIpv4,
  type Ipv4Header,
} from '../codec/ipv4.js';
import {
  NVGRE_FLAGS,
  NVGRE_OVERHEAD,
  NVGRE_PROTOCOL_TYPE,
  NvgreOffset,
  flowIdOfKey,
  vsidOfKey,
} from '../codec/nvgre.js';
import { ProviderAddress } from '../model/addresses.js';
import type { FlowId } from '../model/flow-id.js';
import type { ForwardingTables, VirtualSubnetEntry } from '../model/forwarding-table.js';
import { isVsid } from '../model/vsid.js';
import { PASSED, dropped, type Dropped, type Passed } from './outcome.js';
import type { DropReason } from './verdict.js';

/** An NVGRE packet for a virtual subnet that the gateway has, its outer headers found right. */
export interface TunnelPacket {
  readonly kind: 'tunnel';
  /** From the outer Ethernet header to the end of the outer IPv4 packet: link padding is cut off. */
  readonly bytes: DataView;
  readonly source: ProviderAddress;
  readonly destination: ProviderAddress;
  /** Whether it came by a PA multicast group of its virtual subnet (N10). */
  readonly byGroup: boolean;
  readonly typeOfService: number;
  readonly flowId: FlowId;
  readonly subnet: VirtualSubnetEntry;
  readonly inner: EthernetHeader;
}

/**
 * Reads the outer headers of a frame from the underlay. What is not GRE for one of the gateway's
 * provider addresses, or NVGRE in a PA multicast group of its virtual subnet, passes; what is sent
 * to the gateway and is not NVGRE to the letter is dropped.
 */
export function openTunnel(
  frame: Uint8Array,
  tables: ForwardingTables,
): TunnelPacket | Passed | Dropped {
  const received = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const outer = readOuterGre(received);
  if (outer === undefined) return PASSED;
  const toGateway = tables.isProviderAddress(outer.destination);
  // What is wrong with packets for others, or in a group that others use too, is not ours to count.
  const refused = (reason: DropReason): Dropped | Passed => (toGateway ? dropped(reason) : PASSED);

  const fault = checkOuterIpv4(received, outer);
  if (fault !== undefined) return refused(fault);
  const bytes = new DataView(frame.buffer, frame.byteOffset, ETHERNET_BYTES + outer.totalLength);

  const greFault = checkGre(bytes);
  if (greFault !== undefined) return refused(greFault);
  const inner = readEthernet(bytes, NvgreOffset.innerEthernet);
  if (inner === undefined) return refused('truncated');

  const key = bytes.getUint32(NvgreOffset.key);
  const vsid = vsidOfKey(key);
  if (!isVsid(vsid)) return refused('vsidReserved');
  const subnet = tables.virtualSubnet(vsid);
  if (subnet === undefined) return refused('vsidUnknown');
  if (!toGateway && !tables.isProviderGroup(vsid, outer.destination)) return PASSED;

  return {
    kind: 'tunnel',
    bytes,
    source: ProviderAddress(outer.source),
    destination: ProviderAddress(outer.destination),
    byGroup: !toGateway,
    typeOfService: outer.typeOfService,
    flowId: flowIdOfKey(key),
    subnet,
    inner,
  };
}

/** Undefined for everything that is not IPv4 with GRE in it; the kernel judges that. */
function readOuterGre(frame: DataView): Ipv4Header | undefined {
  if (readEthernet(frame, 0)?.etherType !== EtherType.ipv4) return undefined;
  const outer = readIpv4(frame, NvgreOffset.outerIp);
  if (outer?.version !== 4 || outer.headerWords < IPV4_HEADER_WORDS) return undefined;
  return outer.protocol === IpProtocol.gre ? outer : undefined;
}

function checkOuterIpv4(frame: DataView, outer: Ipv4Header): DropReason | undefined {
  if (outer.headerWords !== IPV4_HEADER_WORDS) return 'outerOptions';
  if ((outer.fragmentWord & FRAGMENT_BITS) !== 0) return 'outerFragment';
  if (
    outer.totalLength > frame.byteLength - ETHERNET_BYTES ||
    outer.totalLength < IPV4_BYTES + GRE_BASE_BYTES
  )
    return 'truncated';
  if (!isIpv4HeaderIntact(frame, NvgreOffset.outerIp)) return 'outerChecksum';
  return undefined;
}

function checkGre(bytes: DataView): DropReason | undefined {
  const gre = readGre(bytes, NvgreOffset.gre);
  if (gre === undefined) return 'truncated';
  if ((gre.flags & GreFlag.versionMask) !== 0) return 'greVersion';
  if ((gre.flags & GreFlag.checksum) !== 0) return 'greChecksum';
  if ((gre.flags & GreFlag.sequence) !== 0) return 'greSequence';
  if ((gre.flags & GreFlag.key) === 0) return 'greKeyMissing';
  if (gre.flags !== NVGRE_FLAGS) return 'greReserved';
  if (gre.protocolType !== NVGRE_PROTOCOL_TYPE) return 'greProtocol';
  return bytes.byteLength < ETHERNET_BYTES + NVGRE_OVERHEAD ? 'truncated' : undefined;
}

import { EtherType, readEthernet } from '../codec/ethernet.js';
import { ICMP_ERROR_BYTES, readIcmpUnreachable, UnreachableCode } from '../codec/icmp.js';
import { IpProtocol } from '../codec/ip-protocol.js';
import { IPV4_BYTES, IPV4_HEADER_WORDS, readIpv4 } from '../codec/ipv4.js';
import { NvgreOffset, vsidOfKey } from '../codec/nvgre.js';
import { ProviderAddress } from '../model/addresses.js';
import type { ForwardingTables } from '../model/forwarding-table.js';
import { VSID_RESERVED } from '../model/vsid.js';
import { PEER_PROBLEMS, type PeerProblem } from './peer-problem.js';
import { openTunnel } from './tunnel.js';
import type { DropReason } from './verdict.js';

/** A peer and what one of its packets shows. */
export interface PeerFault {
  readonly providerAddress: ProviderAddress;
  readonly problem: PeerProblem;
}

/**
 * What is wrong with whoever sent the frame to one of the gateway's PAs (N11), told by its outer
 * headers; undefined where they are right, or not for the gateway.
 */
export function findPeerFault(frame: Uint8Array, tables: ForwardingTables): PeerFault | undefined {
  const opened = openTunnel(frame, tables);
  if (opened.kind !== 'dropped') return undefined;
  const received = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const outer = readIpv4(received, NvgreOffset.outerIp);
  if (outer === undefined) return undefined;
  const providerAddress = ProviderAddress(outer.source);
  const { reason } = opened;
  const problem =
    reason === 'vsidReserved' || reason === 'vsidUnknown'
      ? vsidProblem(received, providerAddress, reason, tables)
      : problemOf(reason);
  return problem === undefined ? undefined : { providerAddress, problem };
}

/** Of a packet whose headers are right but for the VSID. */
function vsidProblem(
  frame: DataView,
  source: ProviderAddress,
  reason: DropReason,
  tables: ForwardingTables,
): PeerProblem | undefined {
  const key = frame.getUint32(NvgreOffset.key);
  if (vsidOfKey(key) === VSID_RESERVED && isRefusal(frame)) return 'nvgreRefused';
  // The key as it stands would be a VSID of the peer's, were it not shifted by the FlowID.
  const unshifted = tables.virtualSubnet(key);
  if (unshifted !== undefined && tables.isProviderPeer(unshifted.routingDomain, source))
    return 'keyUnshifted';
  // What is unknown may come from a host that is told of a new subnet before the gateway.
  return problemOf(reason);
}

/** The NVEs' own VSID carries ICMP from a host that refuses what it was sent. */
function isRefusal(frame: DataView): boolean {
  const outer = readIpv4(frame, NvgreOffset.outerIp);
  const end = NvgreOffset.outerIp + (outer?.totalLength ?? 0);
  if (end < NvgreOffset.innerPacket + IPV4_BYTES + ICMP_ERROR_BYTES) return false;
  if (readEthernet(frame, NvgreOffset.innerEthernet)?.etherType !== EtherType.ipv4) return false;
  const inner = readIpv4(frame, NvgreOffset.innerPacket);
  if (inner?.version !== 4 || inner.headerWords !== IPV4_HEADER_WORDS) return false;
  if (inner.protocol !== IpProtocol.icmp) return false;
  const message = readIcmpUnreachable(frame, NvgreOffset.innerPacket + IPV4_BYTES);
  return message?.code === UnreachableCode.prohibited;
}

function problemOf(reason: DropReason): PeerProblem | undefined {
  return reason in PEER_PROBLEMS ? (reason as PeerProblem) : undefined;
}

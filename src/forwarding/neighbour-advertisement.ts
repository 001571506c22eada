import { EtherType } from '../codec/ethernet.js';
import { Icmpv6Type, isIcmpv6Intact, isNeighbourDiscovery } from '../codec/icmpv6.js';
import { IpProtocol } from '../codec/ip-protocol.js';
import { IPV6_BYTES } from '../codec/ipv6.js';
import {
  NEIGHBOUR_HOP_LIMIT,
  NEIGHBOUR_MESSAGE_BYTES,
  readNeighbourSolicitation,
  writeNeighbourAdvertisement,
} from '../codec/neighbour-discovery.js';
import { NvgreOffset } from '../codec/nvgre.js';
import type { ForwardingTables, LookupRecordEntry } from '../model/forwarding-table.js';
import { isLinkLocal, isUnspecified } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import type { InnerIpv6, InnerPacket } from './inner-packet.js';
import { dropped, type Dropped, type Forwarded } from './outcome.js';
import { replyTo } from './reply.js';
import { checkPeer, checkSource } from './source-check.js';
import type { TunnelPacket } from './tunnel.js';
import type { DropReason } from './verdict.js';

const MESSAGE = NvgreOffset.innerPacket + IPV6_BYTES;

/** Whether the packet is a message of neighbour discovery, right behind the IPv6 header. */
export function isNeighbourMessage(tunnel: TunnelPacket, inner: InnerPacket): inner is InnerIpv6 {
  return (
    inner.family === 6 &&
    inner.nextHeader === IpProtocol.icmpv6 &&
    inner.payloadLength > 0 &&
    isNeighbourDiscovery(tunnel.bytes.getUint8(MESSAGE))
  );
}

/**
 * Answers a neighbour solicitation for one of the gateway's addresses in the subnet (N7), as
 * `answerArp` does for IPv4. Nothing of neighbour discovery enters the routing domain.
 */
export function answerNeighbour(
  tunnel: TunnelPacket,
  inner: InnerIpv6,
  tables: ForwardingTables,
): Forwarded | Dropped {
  const { bytes, subnet } = tunnel;
  const question = readQuestion(tunnel, inner, tables);
  if (question === undefined) return dropped('neighbourIgnored', subnet.vsid);
  const fault = checkSender(tunnel, inner, question.senderMac, tables);
  if (fault !== undefined) return dropped(fault, subnet.vsid);
  if (!isIcmpv6Intact(bytes, NvgreOffset.innerPacket, inner.payloadLength))
    return dropped('innerMalformed', subnet.vsid);

  const { target, senderMac } = question;
  const ethernet = {
    destination: senderMac,
    source: target.macAddress,
    etherType: EtherType.ipv6,
  };
  const advertisement = {
    source: question.targetAddress,
    destination: inner.source,
    targetLinkLayer: target.macAddress,
  };
  return replyTo(
    tunnel,
    'neighbourAdvertised',
    ethernet,
    IPV6_BYTES + NEIGHBOUR_MESSAGE_BYTES,
    (reply, offset) => writeNeighbourAdvertisement(reply, offset, advertisement),
  );
}

interface Question {
  readonly target: LookupRecordEntry;
  readonly targetAddress: InnerIpv6['source'];
  readonly senderMac: MacAddress;
}

/**
 * Undefined for whatever is no valid solicitation for an address of the gateway in this subnet, or
 * says more than who asks: the one option is all that an answer needs.
 */
function readQuestion(
  tunnel: TunnelPacket,
  inner: InnerIpv6,
  tables: ForwardingTables,
): Question | undefined {
  const { bytes, subnet } = tunnel;
  if (bytes.getUint8(MESSAGE) !== Icmpv6Type.neighbourSolicitation) return undefined;
  if (inner.hopLimit !== NEIGHBOUR_HOP_LIMIT || isUnspecified(inner.source)) return undefined;
  if (inner.payloadLength !== NEIGHBOUR_MESSAGE_BYTES) return undefined;
  const solicitation = readNeighbourSolicitation(bytes, MESSAGE, inner.payloadLength);
  if (solicitation?.code !== 0 || solicitation.sourceLinkLayer === undefined) return undefined;
  const target = tables.lookupRecord(subnet.routingDomain, solicitation.target);
  if (target?.local !== true || target.vsid !== subnet.vsid) return undefined;
  return { target, targetAddress: solicitation.target, senderMac: solicitation.sourceLinkLayer };
}

/** A link-local sender has no record; its host and its MAC have to do. */
function checkSender(
  tunnel: TunnelPacket,
  inner: InnerIpv6,
  senderMac: MacAddress,
  tables: ForwardingTables,
): DropReason | undefined {
  const mac = tunnel.inner.source;
  if (!isLinkLocal(inner.source)) return checkSource(tunnel, inner.source, mac, tables);
  const fault = checkPeer(tunnel.subnet.routingDomain, tunnel.source, tables);
  return fault ?? (mac === senderMac ? undefined : 'spoofedMac');
}

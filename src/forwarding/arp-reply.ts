import { ARP_BYTES, ArpOperation, readArp, writeArp } from '../codec/arp.js';
import { EtherType } from '../codec/ethernet.js';
import { NvgreOffset } from '../codec/nvgre.js';
import type { ForwardingTables } from '../model/forwarding-table.js';
import { isUnspecified } from '../net/ip.js';
import { dropped, type Dropped, type Forwarded } from './outcome.js';
import { replyTo } from './reply.js';
import { checkPeer, checkSource } from './source-check.js';
import type { TunnelPacket } from './tunnel.js';

/**
 * Answers an ARP request for one of the gateway's addresses in the subnet (N7). Everything else
 * is dropped: ARP never enters the routing domain. A probe (RFC 5227) has no sender address yet,
 * so it needs no record, but must come from one of the routing domain's hosts.
 */
export function answerArp(tunnel: TunnelPacket, tables: ForwardingTables): Forwarded | Dropped {
  const { subnet } = tunnel;
  const request = readArp(tunnel.bytes, NvgreOffset.innerPacket);
  if (request === undefined) return dropped('truncated', subnet.vsid);
  if (request === 'foreign' || request.operation !== ArpOperation.request)
    return dropped('arpIgnored', subnet.vsid);

  const target = tables.lookupRecord(subnet.routingDomain, request.targetIp);
  if (target?.local !== true || target.vsid !== subnet.vsid)
    return dropped('arpIgnored', subnet.vsid);

  const fault = isUnspecified(request.senderIp)
    ? checkPeer(subnet.routingDomain, tunnel.source, tables)
    : checkSource(tunnel, request.senderIp, request.senderMac, tables);
  if (fault !== undefined) return dropped(fault, subnet.vsid);

  const inner = {
    destination: request.senderMac,
    source: target.macAddress,
    etherType: EtherType.arp,
  };
  return replyTo(tunnel, 'arpReplied', inner, ARP_BYTES, (bytes, offset) =>
    writeArp(bytes, offset, {
      operation: ArpOperation.reply,
      senderMac: target.macAddress,
      senderIp: request.targetIp,
      targetMac: request.senderMac,
      targetIp: request.senderIp,
    }),
  );
}

import {
  ETHERNET_BYTES,
  EtherType,
  NO_MAC,
  readEthernet,
  writeEthernet,
} from '../codec/ethernet.js';
import { Ipv4Word, replaceIpv4Word } from '../codec/ipv4.js';
import { replaceHopLimit } from '../codec/ipv6.js';
import { NVGRE_OVERHEAD, NvgreOffset, writeNvgreHeaders } from '../codec/nvgre.js';
import { flowIdOf } from '../model/flow-id.js';
import type { ForwardingTables } from '../model/forwarding-table.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { IpAddress } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import { flowHashOf } from './flow-hash.js';
import { PASSED, type Forwarded, type Passed } from './outcome.js';
import { onLinkHop } from './route.js';
import { readShortWayPacket, SHORT_WAY_HOPS, type ShortWayPacket } from './short-way-packet.js';
import type { TunnelPacket } from './tunnel.js';

/** What the gateway's routes lead to: an external device by its name, a routing domain's `ext`, or neither. */
export type ExternalEnd =
  | { readonly end: 'outside'; readonly device: string }
  | { readonly end: 'domain'; readonly routingDomain: RoutingDomainId };

/**
 * The routes of the gateway's namespace, as its kernel reads them. Undefined where it would do
 * anything but forward: to its own and to broadcast addresses, without a route, by one that refuses.
 */
export type GatewayRoutes = (
  address: IpAddress,
) => { readonly leadsTo: ExternalEnd | 'elsewhere'; readonly mtu: number } | undefined;

/**
 * From a VM straight out to the physical network; undefined where the routing domain's kernel must
 * see the packet.
 * @param frame Ethernet header and inner packet, as the routing domain would get it
 */
export function outward(
  tunnel: TunnelPacket,
  frame: Uint8Array,
  tables: ForwardingTables,
  routes: GatewayRoutes,
): Forwarded | undefined {
  const { routingDomain, shortWay, vsid } = tunnel.subnet;
  const packet = readShortWayPacket(frame, tunnel.inner.etherType);
  if (shortWay === undefined || packet === undefined) return undefined;
  if (tables.lookupRecord(routingDomain, packet.destination) !== undefined) return undefined;
  if (tables.customerRoute(routingDomain, packet.destination)?.target.kind !== 'external')
    return undefined;
  const back = routes(packet.source)?.leadsTo;
  if (back === undefined || back === 'elsewhere') return undefined;
  if (back.end !== 'domain' || back.routingDomain !== routingDomain) return undefined;
  const ahead = routes(packet.destination);
  if (ahead === undefined || ahead.leadsTo === 'elsewhere' || packet.length > ahead.mtu)
    return undefined;
  if (ahead.leadsTo.end !== 'outside' || ahead.leadsTo.device !== shortWay.external)
    return undefined;

  return {
    kind: 'forwarded',
    verdict: 'externalOut',
    vsid,
    out: { device: 'external', name: shortWay.external },
    frame: twoHopsOn(frame, packet),
  };
}

/**
 * What `inbound` does with a frame that an external device received: into NVGRE and to the VM's
 * host, or `pass`, which leaves it to the kernel.
 */
export function inward(
  frame: Uint8Array,
  from: { readonly device: string; readonly macAddress: MacAddress },
  tables: ForwardingTables,
  routes: GatewayRoutes,
): Passed | Forwarded {
  const ethernet = readEthernet(new DataView(frame.buffer, frame.byteOffset, frame.byteLength), 0);
  if (ethernet?.destination !== from.macAddress) return PASSED;
  const packet = readShortWayPacket(frame, ethernet.etherType);
  if (packet === undefined) return PASSED;
  const back = routes(packet.source)?.leadsTo;
  if (back === undefined || back === 'elsewhere') return PASSED;
  if (back.end !== 'outside' || back.device !== from.device) return PASSED;
  const ahead = routes(packet.destination);
  if (ahead === undefined || ahead.leadsTo === 'elsewhere' || packet.length > ahead.mtu)
    return PASSED;
  if (ahead.leadsTo.end !== 'domain') return PASSED;
  const record = tables.lookupRecord(ahead.leadsTo.routingDomain, packet.destination);
  const target = onLinkHop(record);
  const subnet = target === undefined ? undefined : tables.virtualSubnet(target.vsid);
  if (target === undefined || subnet?.shortWay === undefined) return PASSED;
  if (packet.length > Math.min(subnet.shortWay.maxLength, record?.maxLength ?? Infinity))
    return PASSED;

  const sent = twoHopsOn(frame, packet);
  const out = new Uint8Array(sent.byteLength + NVGRE_OVERHEAD);
  out.set(sent.subarray(ETHERNET_BYTES), NvgreOffset.innerPacket);
  writeNvgreHeaders(new DataView(out.buffer), {
    typeOfService: packet.trafficClass,
    source: subnet.providerAddress,
    destination: target.providerAddress,
    vsid: target.vsid,
    flowId: flowIdOf(flowHashOf(frame)),
    inner: {
      destination: target.macAddress,
      source: subnet.sourceMac,
      etherType: ethernet.etherType,
    },
  });
  return {
    kind: 'forwarded',
    verdict: 'externalIn',
    vsid: target.vsid,
    out: { device: 'underlay', name: subnet.underlay },
    frame: out,
  };
}

/** The packet without the padding behind it, as routing domain and gateway would forward it one after the other. */
function twoHopsOn(frame: Uint8Array, packet: ShortWayPacket): Uint8Array {
  const sent = frame.slice(0, ETHERNET_BYTES + packet.length);
  const bytes = new DataView(sent.buffer);
  const { etherType } = packet;
  writeEthernet(bytes, 0, { destination: NO_MAC, source: NO_MAC, etherType });
  const hopLimit = packet.hopLimit - SHORT_WAY_HOPS;
  if (etherType === EtherType.ipv4)
    replaceIpv4Word(
      bytes,
      ETHERNET_BYTES,
      Ipv4Word.timeToLive,
      (hopLimit << 8) | bytes.getUint8(ETHERNET_BYTES + Ipv4Word.timeToLive + 1),
    );
  else replaceHopLimit(bytes, ETHERNET_BYTES, hopLimit);
  return sent;
}
